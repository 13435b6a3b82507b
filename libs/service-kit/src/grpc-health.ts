import { setTimeout as sleep } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import type { GrpcCall } from './grpc-handlers.js';
import type { GrpcService } from './grpc-service.js';
import type { HealthRegistry } from './health.js';

/** `HealthCheckRequest` of health.proto. */
interface HealthCheckRequest {
  readonly service: string;
}

/** `HealthCheckResponse` of health.proto. */
interface HealthCheckResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

/** Probes are run no oftener than that, however many look. */
const lookIntervalMs = 1_000;
/** A supervisor is one or two; nobody has to show a key here. */
const watchersMax = 64;

/** gRPC's own protocol of health beside the services that a port has: what `GET /health/ready` says, to whoever asks. */
export function healthDoor(health: Pick<HealthRegistry, 'ready'>, ownServices: readonly string[]): GrpcService {
  const isKnown = (service: string): boolean => service === '' || ownServices.includes(service);
  let watchers = 0;

  async function current(): Promise<HealthCheckResponse> {
    return { status: (await health.ready()).status === 'ready' ? 'SERVING' : 'NOT_SERVING' };
  }

  async function check({ service }: HealthCheckRequest): Promise<HealthCheckResponse> {
    if (isKnown(service)) return current();
    throw new HindcastError('SERVICE_UNKNOWN', `service is ${JSON.stringify(service.slice(0, 80))}; here is ${ownServices.join(', ')}.`);
  }

  async function* watch({ service }: HealthCheckRequest, { signal }: GrpcCall): AsyncGenerator<HealthCheckResponse> {
    if (watchers >= watchersMax) throw new HindcastError('CLIENTS_FULL', `${watchersMax} watch the health of this port, and no more may.`);
    watchers += 1;
    try {
      let shown: string | undefined;
      while (!signal.aborted) {
        const { status } = isKnown(service) ? await current() : { status: 'SERVICE_UNKNOWN' as const };
        if (status !== shown) yield { status };
        shown = status;
        await pause(signal);
      }
    } finally {
      watchers -= 1;
    }
  }

  return {
    proto: 'health.proto',
    service: 'grpc.health.v1.Health',
    // As by HTTP: a supervisor needs no key.
    rights: { Check: 'none', Watch: 'none' },
    methods: (handlers) => ({ Check: handlers.unary(check), Watch: handlers.serverStream(watch) }),
  };
}

/** Ends early where nobody listens any more. */
function pause(signal: AbortSignal): Promise<void> {
  return sleep(lookIntervalMs, undefined, { signal, ref: false }).catch(() => undefined);
}
