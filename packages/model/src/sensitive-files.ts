/**
 * The files whose reading is told, unless the configuration names others: what lets somebody in elsewhere.
 *
 * In the form of `sensor.file.sensitive`: a whole path, the end of one, or a folder. A name says nothing of the
 * purpose of a file, so lists like this are short rather than complete: certificates, say, are read by everything.
 */
export const sensitiveFiles: readonly string[] = [
  // Passwords and keys of the host.
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/security/opasswd',
  '/etc/krb5.keytab',
  '/etc/ssl/private/',
  '/etc/pki/tls/private/',
  'ssh_host_rsa_key',
  'ssh_host_ecdsa_key',
  'ssh_host_ed25519_key',
  '/proc/kcore',
  // Private keys and passwords of users.
  '.ssh/id_rsa',
  '.ssh/id_dsa',
  '.ssh/id_ecdsa',
  '.ssh/id_ed25519',
  '.gnupg/secring.gpg',
  '.git-credentials',
  '.netrc',
  '.pgpass',
  '.my.cnf',
  '.vault-token',
  '.npmrc',
  '.pypirc',
  '.config/gh/hosts.yml',
  '.docker/config.json',
  // Clouds.
  '.aws/credentials',
  '.azure/msal_token_cache.json',
  '.azure/accessTokens.json',
  'gcloud/credentials.db',
  'gcloud/access_tokens.db',
  'gcloud/adc.json',
  'user-data.txt',
  // Kubernetes.
  '.kube/config',
  '/etc/kubernetes/admin.conf',
  '/etc/rancher/k3s/k3s.yaml',
  '/run/secrets/kubernetes.io/',
  // Browsers.
  'Login Data',
  'logins.json',
  'key4.db',
  'cookies.sqlite',
]
