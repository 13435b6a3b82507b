import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import { GrpcCaller, type GrpcMethod } from './grpc-caller.js';

const pairs = '😀'.repeat(300);
/** Wherever a message that repeats them is cut, one of them is cut within a character. */
const awkwardTexts = [`${'A'.repeat(78)}😀 tail`, pairs, `A${pairs}`];

/** A refusal or an answer is one; that the server failed, or is gone, is none. */
const failures: readonly grpc.status[] = [grpc.status.UNKNOWN, grpc.status.INTERNAL, grpc.status.UNAVAILABLE];

/** What every gRPC door promises, whatever service is behind it. */
export function grpcDoorConformance(caller: () => GrpcCaller): void {
  it('answers every method whatever its text fields hold', async () => {
    const failed: string[] = [];
    for (const method of caller().methods) {
      for (const request of awkwardRequests(method)) {
        const status = await answered(caller(), method, request);
        if (failures.includes(status)) failed.push(`${method.name} ${JSON.stringify(request)}: ${grpc.status[status]}`);
      }
    }
    expect(failed).toEqual([]);
  });

  it("tells its health by gRPC's own protocol", async () => {
    const { service, port } = caller();
    const health = GrpcCaller.to({ proto: 'health.proto', service: 'grpc.health.v1.Health', port });
    try {
      for (const name of ['', service])
        expect(await health.unary('Check', { service: name })).toEqual({ status: expect.stringMatching(/^(NOT_)?SERVING$/) as string });
      expect(await health.refusal('Check', { service: 'nobody' })).toMatchObject({
        code: 'SERVICE_UNKNOWN',
        status: grpc.status.NOT_FOUND,
      });
    } finally {
      health.close();
    }
  });
}

/** All text fields at once, and each alone: a refusal may name the first one only. */
function awkwardRequests({ textFields }: GrpcMethod): readonly object[] {
  return awkwardTexts.flatMap((text) => {
    const each = textFields.map(({ name, isList }) => ({ [name]: isList ? [text] : text }));
    return each.length > 1 ? [Object.assign({}, ...each) as object, ...each] : each;
  });
}

/** The status of the first sign that the server has answered. */
async function answered(caller: GrpcCaller, method: GrpcMethod, request: object): Promise<grpc.status> {
  if (!method.isStream) return caller.unary(method.name, request).then(() => grpc.status.OK, statusOf);
  const stream = caller.stream(method.name, request);
  try {
    await Promise.race([once(stream, 'data'), once(stream, 'end')]);
    return grpc.status.OK;
  } catch (error) {
    return statusOf(error);
  } finally {
    stream.on('error', () => undefined);
    stream.cancel();
  }
}

const statusOf = (error: unknown): grpc.status => (error as grpc.ServiceError).code;
