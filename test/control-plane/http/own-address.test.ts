import t from 'tap';
import { ownAddress } from '../../../control-plane/http/own-address.ts';
import { badRequest } from '../../../pipeline/runtime/errors.ts';

t.test('the address at which a client reached the server', async (t) => {
  t.equal(ownAddress({ protocol: 'http', host: 'logs:8004' }), 'http://logs:8004');
  t.equal(ownAddress({ protocol: 'https', host: '[::1]:8443' }), 'https://[::1]:8443');
});

t.test('what is no address is refused', async (t) => {
  for (const host of ['', 'a b', 'x:port', 'a^b']) {
    t.throws(
      () => ownAddress({ protocol: 'http', host }),
      badRequest(`Host: expected the address of this server, got "${host}"`),
      host,
    );
  }
});
