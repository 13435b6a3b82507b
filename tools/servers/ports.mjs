/** Every port of a stack, before HINDCAST_PORT_OFFSET is added. Shifting all of them lets stacks run side by side. */
import { createServer } from 'node:net';

export const loopback = '127.0.0.1';

export const basePorts = Object.freeze({
  redis: 7720,
  questdbHttp: 7730,
  questdbPg: 7731,
  questdbMin: 7732,
});

/**
 * True where nobody listens on the port of the loopback address.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isPortFree(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen({ port, host: loopback, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Ports that were free a moment ago. All are held until the last one is known, so that no two are the same.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const probes = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = probes.map((probe) => /** @type {import('node:net').AddressInfo} */ (probe.address()).port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}

/** @returns {Promise<import('node:net').Server>} */
function listenAnywhere() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, loopback, () => resolve(probe));
  });
}
