import { describe, expect, it } from 'vitest';
import { mutate } from '../../shared/fixtures.ts';
import { graphqlRequest, send } from '../../shared/gateway.ts';

describe('an address', () => {
  const REFUSED = [
    'http://receiver.example/',
    'https://user:secret@receiver.example/',
    'https://10.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://127.0.0.1.nip.io/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/',
    'https://printer.local/',
    'https://db.internal/',
    'https://intranet/',
    'https://tenantry.test/graphql',
    'ftp://receiver.example/',
    'javascript:alert(1)',
  ];
  for (const url of REFUSED) {
    it(`is refused: ${url}`, async () => {
      const result = await mutate('createWebhook', 'webhook { id }', { url, reach: 'ORGANIZATION' });
      expect(result).toMatchObject({ __typename: 'ValidationError', issues: [{ path: 'url' }] });
    });
  }

  it('of this deployment is refused in every spelling', async () => {
    const document = 'mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename } }';
    for (const host of ['gateway.example', 'GATEWAY.example.', 'gateway。example.:8443']) {
      const request = graphqlRequest(document, { input: { url: `https://${host}/`, reach: 'ORGANIZATION' } });
      const { data } = await send(request, { PUBLIC_URL: 'https://gateway.example' });
      expect(data.createWebhook.__typename, host).toBe('ValidationError');
    }
  });

  it('of this machine is taken on a person’s own', async () => {
    const input = { url: 'http://localhost:9999/hook', reach: 'ORGANIZATION' };
    const document = 'mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename } }';
    const { data } = await send(graphqlRequest(document, { input }), { OWN_MACHINE: '1' });
    expect(data.createWebhook.__typename).toBe('CreateWebhookPayload');
  });
});
