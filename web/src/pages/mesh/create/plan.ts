import { stringify } from "yaml";

/** What the form asks for. */
export interface Plan {
  name: string;
  cluster: string;
  version: string;
  /** Pods of the control plane; with most above least, an autoscaler chooses. */
  least: number;
  most: number;
  /** CPUs and MiB of memory of each pod, as request and limit. */
  cpu: number;
  memory: number;
  /** Whether two pods may be on one node. */
  antiAffinity: "mandatory" | "preferred";
  /** Nodes that its pods may be on; all when empty. */
  nodes: string[];
  /** Defaults of a sidecar, as request and limit. */
  sidecarCPU: number;
  sidecarMemory: number;
  /** Share of requests that are traced, in percent. */
  sampling: number;
  /** How often a failed HTTP request is tried again. */
  retries: number;
  /** Namespaces whose new pods get a proxy. */
  namespaces: string[];
  /** Whether the pods that run there are made anew. */
  restart: boolean;
}

export const namespace = "istio-system";

export const usual: Plan = {
  name: "",
  cluster: "",
  version: "",
  least: 1,
  most: 2,
  cpu: 0.5,
  memory: 1024,
  antiAffinity: "preferred",
  nodes: [],
  sidecarCPU: 0.1,
  sidecarMemory: 128,
  sampling: 1,
  retries: 2,
  namespaces: [],
  restart: false,
};

/** The API server refuses control planes with a longer name, from which other names are made. */
export const longest = 35;

/** What is wrong with a mesh's name; undefined when nothing is. */
export function nameProblem(name: string, taken: string[]): string | undefined {
  if (name.length < 4 || name.length > longest) {
    return `A name has 4 to ${longest} characters`;
  }
  if (!/^[a-z]/.test(name)) {
    return "A name starts with a lowercase letter";
  }
  if (!/^[a-z0-9-]+$/.test(name)) {
    return "A name has lowercase letters, digits and hyphens only";
  }
  if (name.endsWith("-")) {
    return "A name does not end with a hyphen";
  }
  return taken.includes(name) ? "The cluster has a control plane of this name already" : undefined;
}

/** What is wrong with the plan as a whole, each with what to do. */
export function problemsOf(plan: Plan): string[] {
  const problems: string[] = [];
  if (plan.most < plan.least) {
    problems.push("The most instances are fewer than the least: raise them");
  }
  if (plan.antiAffinity === "mandatory" && plan.nodes.length > 0 && plan.nodes.length < plan.most) {
    problems.push(
      `${plan.most} instances cannot each have a node of their own among ${plan.nodes.length}: choose more nodes, fewer instances, or preferred anti-affinity`,
    );
  }
  return problems;
}

/** What the control plane takes when it has as many pods as it may. */
export function totalOf({ most, cpu, memory }: Plan): { cpu: number; memory: number } {
  return { cpu: most * cpu, memory: most * memory };
}

/** The resource that makes it. */
export function resourceOf(plan: Plan): string {
  const amounts = (cpu: number, memory: number) => {
    const one = { cpu: `${Math.round(cpu * 1000)}m`, memory: `${memory}Mi` };
    return { requests: one, limits: { ...one } };
  };
  return stringify(
    {
      apiVersion: "servicemesh.cisco.com/v1alpha1",
      kind: "IstioControlPlane",
      metadata: { name: plan.name, namespace },
      spec: {
        version: plan.version,
        mode: "ACTIVE",
        istiod: {
          traceSampling: plan.sampling,
          deployment: {
            replicas: plan.most > plan.least ? { min: plan.least, max: plan.most } : { count: plan.least },
            resources: amounts(plan.cpu, plan.memory),
            affinity: affinityOf(plan),
          },
        },
        proxy: { resources: amounts(plan.sidecarCPU, plan.sidecarMemory) },
        meshConfig: { defaultHttpRetryPolicy: { attempts: plan.retries } },
      },
    },
    { aliasDuplicateObjects: false },
  );
}

function affinityOf({ name, antiAffinity, nodes }: Plan) {
  const apart = {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchLabels: { app: "istiod", "istio.io/rev": name } },
  };
  const hosts = { key: "kubernetes.io/hostname", operator: "In", values: nodes };
  return {
    podAntiAffinity:
      antiAffinity === "mandatory"
        ? { requiredDuringSchedulingIgnoredDuringExecution: [apart] }
        : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: apart }] },
    ...(nodes.length > 0 && {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [hosts] }] },
      },
    }),
  };
}

/** What the documented word for a control plane's status is. */
export function stateOf(status: string | undefined): "Installing" | "Running" | "Failed" {
  if (status === "Available") {
    return "Running";
  }
  return status === "ReconcileFailed" || status === "Unmanaged" ? "Failed" : "Installing";
}
