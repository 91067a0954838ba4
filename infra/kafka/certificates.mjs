// A throw-away certificate authority and a server certificate in PEM, made by openssl.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes `ca.pem` and a key store `server.pem` (key and certificate of 127.0.0.1 and localhost) in `folder`; a week long. */
export function makeCertificates(folder) {
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '7',
    '-subj',
    '/CN=Deadpan development CA',
  );
  openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost');
  writeFileSync(at('server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-in',
    at('server.csr'),
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '7',
    '-extfile',
    at('server.ext'),
    '-out',
    at('server.crt'),
  );
  const store =
    readFileSync(at('server.key'), 'utf8') +
    readFileSync(at('server.crt'), 'utf8') +
    readFileSync(at('ca.pem'), 'utf8');
  writeFileSync(at('server.pem'), store, { mode: 0o600 });
  return { ca: at('ca.pem'), keyStore: at('server.pem') };
}
