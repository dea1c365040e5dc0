import { parseID } from "./id";

// Istio's own dashboards (samples/addons of its releases) have fixed IDs.
const serviceDashboard = "LJ_uJAvmk/istio-service-dashboard";
const workloadDashboard = "UbsSZTDik/istio-workload-dashboard";

/** The dashboard in Grafana about a service or workload. */
export function dashboardOf(grafana: string, id: string): string {
  const { kind, namespace, name } = parseID(id);
  const [dashboard, variables] =
    kind === "service"
      ? [serviceDashboard, { "var-service": `${name}.${namespace}.svc.cluster.local` }]
      : [workloadDashboard, { "var-namespace": namespace, "var-workload": name }];
  return `${trimmed(grafana)}/d/${dashboard}?${new URLSearchParams(variables)}`;
}

/** The traces in Jaeger of an app, which Istio's proxies name after it and its namespace. */
export function tracesOf(jaeger: string, id: string, app: string): string {
  return `${trimmed(jaeger)}/search?${new URLSearchParams({ service: `${app}.${parseID(id).namespace}` })}`;
}

const trimmed = (address: string) => address.replace(/\/+$/, "");
