// oidc-provider on a port of its own, over TLS: says `ready ISSUER`, and for every line with a way of signing on its
// standard input the word `token` and the access token that it gives to a client for its credentials.
//
//   node real_provider.mjs OIDC_PROVIDER CERTIFICATE KEY      NODE_EXTRA_CA_CERTS names the authority
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [, , module, certificate, key] = process.argv;
const { default: Provider } = await import(pathToFileURL(module));

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
const keys = Object.entries(pairs).map(([alg, { privateKey }]) => (
  { ...privateKey.export({ format: 'jwk' }), kid: `key-${alg}`, use: 'sig', alg }));
const client = { client_id: 'reporter', client_secret: 'a secret of some length, for a client that is a test' };

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...client, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    jwks: { keys },
    ttl: { ClientCredentials: 600 },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(pairs) },
    extraTokenClaims: () => ({ roles: ['auditor'], jurisdiction: 'CN' }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          audience: 'etalon',
          scope: 'ask',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: resource.split(':').at(-1) } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  console.log(`ready ${issuer}`);
  createInterface({ input: process.stdin }).on('line', async (alg) => {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client.client_id}:${encodeURIComponent(client.client_secret)}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'ask', resource: `urn:etalon:${alg}` }),
    });
    const { access_token: token, ...rest } = await answer.json();
    console.log(token ? `token ${token}` : `refused ${JSON.stringify(rest)}`);
  }).on('close', () => process.exit());
});
