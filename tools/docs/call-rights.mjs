/**
 * The right that each gRPC call needs: what the door states beside `service: '...'`, else as `rightOfCall` of
 * libs/service-kit decides at run time, `read` for calls that only stream answers and `write` for all others.
 */
const statedPattern = /service: '([\w.]+)'[^}]*?rights: \{([^}]*)\}/g;
const rightPattern = /(\w+): '([\w+]+)'/g;

/**
 * @template {{ package: string, services: { name: string, rpcs: { name: string, request: string, answer: string }[] }[] }} Proto
 * @param {Proto[]} protos
 * @param {string[]} doors sources of the files that open them
 * @returns {Proto[]} each call with its `right`
 */
export function withRights(protos, doors) {
  const stated = new Map(
    doors.flatMap((source) =>
      [...source.matchAll(statedPattern)].flatMap(([, service, rights]) =>
        [...rights.matchAll(rightPattern)].map(([, call, right]) => [`${service}.${call}`, right]),
      ),
    ),
  );
  return protos.map((proto) => ({
    ...proto,
    services: proto.services.map((service) => ({
      ...service,
      rpcs: service.rpcs.map((rpc) => ({ ...rpc, right: stated.get(`${proto.package}.${service.name}.${rpc.name}`) ?? usualRight(rpc) })),
    })),
  }));
}

/** @param {{ request: string, answer: string }} rpc */
function usualRight({ request, answer }) {
  return answer.startsWith('stream ') && !request.startsWith('stream ') ? 'read' : 'write';
}
