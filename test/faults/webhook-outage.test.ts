import t from 'tap';
import { temporaryFolder } from '../temporary-folder.ts';
import { outage } from './webhook-outage.ts';

t.test(
  'alerts that fire while the receiver is away and the server is killed arrive once, in order',
  async (t) => {
    const { messages, fired } = await outage({ folder: temporaryFolder(), alerts: 6, awayMilliseconds: 0 });
    t.equal(fired.length, 7);
    t.same(
      messages.map(({ id }) => id),
      fired,
    );
  },
);
