import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { ApiError } from "./api/client";
import { useAsk } from "./api/queries";
import { ConnectionProvider } from "./shell/connection";
import { Shell } from "./shell/Shell";
import { SignIn } from "./shell/SignIn";
import { whoAmI } from "./shell/UserMenu";

const page = <Name extends string>(load: () => Promise<Record<Name, React.ComponentType>>, name: Name) =>
  lazy(async () => ({ default: (await load())[name] }));

const OverviewPage = page(() => import("./pages/overview/OverviewPage"), "OverviewPage");
const TopologyPage = page(() => import("./pages/topology/TopologyPage"), "TopologyPage");
const MeshPage = page(() => import("./pages/mesh/MeshPage"), "MeshPage");
const CreateMeshPage = page(() => import("./pages/mesh/create/CreateMeshPage"), "CreateMeshPage");
const ControlPlanePage = page(() => import("./pages/mesh/ControlPlanePage"), "ControlPlanePage");
const WorkloadsPage = page(() => import("./pages/workloads/WorkloadsPage"), "WorkloadsPage");
const WorkloadPage = page(() => import("./pages/workloads/WorkloadPage"), "WorkloadPage");
const ServicesPage = page(() => import("./pages/services/ServicesPage"), "ServicesPage");
const ServicePage = page(() => import("./pages/services/ServicePage"), "ServicePage");
const PodPage = page(() => import("./pages/pods/PodPage"), "PodPage");
const NodePage = page(() => import("./pages/nodes/NodePage"), "NodePage");
const GatewaysPage = page(() => import("./pages/gateways/GatewaysPage"), "GatewaysPage");
const GatewayPage = page(() => import("./pages/gateways/GatewayPage"), "GatewayPage");
const ResourcesPage = page(() => import("./pages/resources/ResourcesPage"), "ResourcesPage");
const ResourcePage = page(() => import("./pages/resources/ResourcePage"), "ResourcePage");
const NewResourcePage = page(() => import("./pages/resources/NewResourcePage"), "NewResourcePage");
const NotFoundPage = page(() => import("./pages/NotFoundPage"), "NotFoundPage");

interface Props {
  /** Why the login token that was given with the address is refused. */
  refusal?: string;
  signedIn: boolean;
  setSignedIn: (signedIn: boolean) => void;
}

/** All pages, in the shell. Signing in is laid over them, so that nothing is lost when a session ends. */
export function App({ refusal, signedIn, setSignedIn }: Props) {
  const me = useAsk(whoAmI, {}, { freshness: "fixed" });
  const refused = me.error instanceof ApiError && me.error.kind === "unauthenticated";
  return (
    <ConnectionProvider signedIn={signedIn && me.data !== undefined}>
      <Routes>
        <Route element={<Shell signedOut={() => setSignedIn(false)} />}>
          <Route index element={<Navigate to="/topology" replace />} />
          <Route path="overview" element={<OverviewPage />} />
          <Route path="topology" element={<TopologyPage />} />
          <Route path="mesh" element={<MeshPage />} />
          <Route path="mesh/new" element={<CreateMeshPage />} />
          <Route path="mesh/:id" element={<ControlPlanePage />} />
          <Route path="workloads" element={<WorkloadsPage />} />
          <Route path="workloads/:id" element={<WorkloadPage />} />
          <Route path="services" element={<ServicesPage />} />
          <Route path="services/:id" element={<ServicePage />} />
          <Route path="pods/:id" element={<PodPage />} />
          <Route path="nodes/:id" element={<NodePage />} />
          <Route path="gateways" element={<GatewaysPage />} />
          <Route path="gateways/:id" element={<GatewayPage />} />
          <Route path="resources" element={<ResourcesPage />} />
          <Route path="resources/new" element={<NewResourcePage />} />
          <Route path="resources/:id" element={<ResourcePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
      {(!signedIn || refused) && <SignIn refusal={refusal} done={() => setSignedIn(true)} />}
    </ConnectionProvider>
  );
}
