/** Whether a host in a resource of a namespace means a service: by its short name, or by a longer one. */
export function meansHost(host: string, from: string, service: { name: string; namespace: string }): boolean {
  const { name, namespace } = service;
  const long = [`${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
  return (host === name && from === namespace) || long.includes(host);
}
