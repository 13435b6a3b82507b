/**
 * jest's environment for Node, with a context whose global object is a plain one. jest keeps its own behind interceptors and
 * a proxy, so that each `Math`, `Number` or `Infinity` that a module of ours names is a call out of the engine: 700 ns
 * instead of 3, and half of what those that fold a market's days computed.
 */
import vm from 'node:vm';
import { TestEnvironment as NodeEnvironment } from 'jest-environment-node';

export default class PlainContext extends NodeEnvironment {
  /**
   * @param {import('@jest/environment').JestEnvironmentConfig} config
   * @param {import('@jest/environment').EnvironmentContext} context
   */
  constructor(config, context) {
    const { createContext } = vm;
    // It makes its context while it is constructed, and asks nobody which.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
