import t from 'tap';
import { isMachineId } from '../../../pipeline/agent/machine-id.ts';

t.test('what hosts, containers and clouds call a machine is an id', async (t) => {
  for (const id of [
    'm1',
    'gpu-07',
    'node_3',
    'gpu-07.cluster.example',
    '10.0.0.7',
    'fe80::1',
    '3f4e8c1b9a7d',
    'i-0a1b2c3d4e5f67890',
    'arn:aws:ec2:us-east-1:123456789012:instance/i-0a1b2c3d',
    'projects/p/zones/europe-west4-a/instances/vm-1',
    '/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1',
    'pod/namespace/name@node',
    'Jürgens MacBook',
    'узел-7',
    'a..b',
    'v1.',
    'x'.repeat(256),
  ])
    t.ok(isMachineId(id), id);
});

t.test('what cannot be seen, told apart or kept within a path is none', async (t) => {
  const ids = [
    '',
    ' ',
    ' m1',
    'm1 ',
    'm1\n',
    'm\u00001',
    'm\u202e1',
    'm\u200b1',
    '\u2066m1',
    '\u3164',
    'm\u3164',
    'm\u00a01',
    'm\u2028',
    '\ud800',
    '.',
    '..',
    '../..',
    'a/../b',
    '/../etc',
    'a/.',
    '//host',
    '__proto__',
    '$\u007bHOME}',
    'm$\u007bX}',
    'x'.repeat(257),
    '𝟘'.repeat(257),
  ];
  t.same(ids.filter(isMachineId), []);
});
