/** Calls of gRPC whose outcome is the code of their refusal, as `grpc FIELD_INVALID`. */
import { GrpcCaller } from '@hindcast/testing';

/**
 * @typedef {object} GrpcDoor
 * @property {string} proto
 * @property {string} service
 * @property {string} at its address among the world's `grpc`
 */

/** @param {GrpcDoor} door */
export async function withCaller(world, door, call) {
  const caller = GrpcCaller.to({ ...door, port: Number(world.grpc[door.at].split(':')[1]) });
  try {
    return await call(caller);
  } finally {
    caller.close();
  }
}

export const refusedUnary = (door, method, request) => (world) =>
  withCaller(world, door, async (caller) => `grpc ${(await caller.refusal(method, request)).code}`);

export const refusedStream = (door, method, request) => (world) =>
  withCaller(world, door, async (caller) => `grpc ${(await caller.streamRefusal(method, request)).code}`);
