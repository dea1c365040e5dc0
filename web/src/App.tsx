import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { ApiError } from "./api/client";
import { useAsk } from "./api/queries";
import { GatewayPage } from "./pages/gateways/GatewayPage";
import { GatewaysPage } from "./pages/gateways/GatewaysPage";
import { ControlPlanePage } from "./pages/mesh/ControlPlanePage";
import { MeshPage } from "./pages/mesh/MeshPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { NodePage } from "./pages/nodes/NodePage";
import { OverviewPage } from "./pages/overview/OverviewPage";
import { PodPage } from "./pages/pods/PodPage";
import { ResourcePage } from "./pages/resources/ResourcePage";
import { ResourcesPage } from "./pages/resources/ResourcesPage";
import { ServicePage } from "./pages/services/ServicePage";
import { ServicesPage } from "./pages/services/ServicesPage";
import { WorkloadPage } from "./pages/workloads/WorkloadPage";
import { WorkloadsPage } from "./pages/workloads/WorkloadsPage";
import { ConnectionProvider } from "./shell/connection";
import { Shell } from "./shell/Shell";
import { SignIn } from "./shell/SignIn";
import { whoAmI } from "./shell/UserMenu";

/** A page that is loaded when it is opened, or at once when the address is its. */
function page<Name extends string>(path: string, load: () => Promise<Record<Name, React.ComponentType>>, name: Name) {
  const loaded = location.pathname === path ? load() : undefined;
  return lazy(async () => ({ default: (await (loaded ?? load()))[name] }));
}

// Of the other pages, each is smaller than what it takes to ask for it.
const TopologyPage = page("/topology", () => import("./pages/topology/TopologyPage"), "TopologyPage");
const CreateMeshPage = page("/mesh/new", () => import("./pages/mesh/create/CreateMeshPage"), "CreateMeshPage");
const NewResourcePage = page("/resources/new", () => import("./pages/resources/NewResourcePage"), "NewResourcePage");

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
