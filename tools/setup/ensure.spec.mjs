import { refuseOldNode } from './ensure.mjs';

it('refuses a Node.js that cannot run the set-up, and says which one can', () => {
  expect(() => refuseOldNode('18.20.4')).toThrow('needs Node.js 20 or newer to set itself up; this is 18.20.4');
  expect(() => refuseOldNode('20.0.0')).not.toThrow();
});
