import t from 'tap';
import { describeUnrendered } from '../../../../control-plane/ui/fleet/agent.ts';

t.test('a change names the machines that it does not reach', async (t) => {
  t.equal(describeUnrendered({ count: 0, machines: [] }), '');
  t.match(
    describeUnrendered({ count: 2, machines: [{ machine_id: 'm1', problem: 'LOGS_PORT: expected a port' }] }),
    /on 2 of them, .*\nm1: LOGS_PORT: expected a port$/,
  );
});
