import { once } from 'node:events';
import { request } from 'node:http';
import { createServer, request as requestByTls } from 'node:https';
import { json } from 'node:stream/consumers';

/** Of `localhost`, and of no use anywhere else: whoever runs these tests has it. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglsEkQIS69lmGQG7j
RlDWfrhLWQ3wbsMblMCnqWCyxB+hRANCAAT+KgpOvqYUvGdh54pUh2Vb1J64PdN8
SzRIExcdtHc2cxUZzt0gv/qHueZT2KFXiBjELThehSGdO2IIBv1uiUbS
-----END PRIVATE KEY-----
`;

/** What a program has to trust to talk to the stand-in. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBYDCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP4qCk6+phS8Z2Hn
ilSHZVvUnrg903xLNEgTFx20dzZzFRnO3SC/+oe55lPYoVeIGMQtOF6FIZ07YggG
/W6JRtKjSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAPBgNVHRMBAf8EBTADAQH/
MB0GA1UdDgQWBBQsZb5GIZeGLpMP181/Gdv29GJ7TjAKBggqhkjOPQQDAgNHADBE
AiBnLgPz1HHIi1jyNgjr0ZxPCk2mqsupAub89IW33J/kEAIgWp8Qj3XNzlB2vva2
/5f+eTHcQkoiD07EeMI3TSydwgY=
-----END CERTIFICATE-----
`;

/** What stands in for whatever ends TLS before a deployment. */
export interface StandIn {
  url: string;
  /** The method and the path of each request, in the order in which they came. */
  readonly asked: string[];
  /** Posts JSON to a path, and answers the JSON that comes back. */
  post(path: string, body: object): Promise<unknown>;
  stop(): void;
}

/** Hands on what it is asked by https to a gateway at this port, which sees it as asked at the port of the stand-in. */
export async function standInFor(port: number): Promise<StandIn> {
  const asked: string[] = [];
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (incoming, answer) => {
    const { method, url: path, headers } = incoming;
    asked.push(`${method} ${path}`);
    const handedOn = request({ host: 'localhost', port, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    handedOn.on('error', () => answer.writeHead(502).end());
    incoming.pipe(handedOn);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  const url = `https://localhost:${address.port}`;
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const asking = requestByTls(`${url}${path}`, { method: 'POST', ca: CERTIFICATE, headers }).end(
      JSON.stringify(body),
    );
    const [answer] = await once(asking, 'response');
    return json(answer);
  };
  return { url, asked, post, stop: () => void server.close() };
}
