/**
 * How the service of this container is: `node tools/stack/container-health.mjs PORT`, exit code 0 where it is ready. Health is
 * free of keys, and whether the port speaks TLS this process knows as the service does, from the environment that both have.
 */
import { probe } from './probe.mjs';

const scheme = process.env.HINDCAST_TLS_CERT_FILE ? 'https' : 'http';

try {
  const { ok, text } = await probe(`${scheme}://127.0.0.1:${process.argv[2]}/health/ready`);
  // The engine keeps the last answers, for whoever looks why a container is unhealthy.
  process.stdout.write(`${text}\n`);
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${error}\n`);
  process.exitCode = 1;
}
