package attach

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"sigs.k8s.io/yaml"

	metav1alpha1 "github.com/meshmanager/smm/api/meta/v1alpha1"
	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/peering"
	"github.com/meshmanager/smm/internal/platform"
)

// Options are what a user says about the cluster that is attached.
type Options struct {
	// Name of the cluster in the mesh.
	Name string
	// Network of the cluster; its name when not set.
	Network string
	// Active keeps a control plane in the cluster; otherwise it uses the istiod of the first.
	Active bool
	// Force attaches a cluster that is attached already, or that has settings of its own.
	Force bool
}

// Plan is what attaching a cluster means.
type Plan struct {
	// Cluster, Network and Mode of the cluster that is attached.
	Cluster string
	Network string
	Mode    servicemeshv1alpha1.Mode
	// Expansion tells that clusters are on different networks, and need gateways to each other.
	Expansion bool
	// CommonRoot tells that the cluster gets an authority whose certificate the first one's root signs.
	CommonRoot bool
}

// input is what a plan follows from.
type input struct {
	options     Options
	first, peer observation
}

// plan decides, after checks in order; the first that fails is the error.
func plan(in input) (Plan, error) {
	for _, check := range []func(input) error{firstIsInstalled, isAnotherCluster, nameIsFree, isNotAttached, modeFits} {
		if err := check(in); err != nil {
			return Plan{}, err
		}
	}
	name, err := platform.ClusterName(in.options.Name)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Cluster: name, Network: cmp.Or(in.options.Network, name), Mode: servicemeshv1alpha1.ModePassive}
	if in.options.Active {
		p.Mode = servicemeshv1alpha1.ModeActive
		p.CommonRoot = in.peer.icp == nil
	}
	p.Expansion = peering.NetworkOf(&in.first.icp.Spec) != p.Network
	for i := range in.first.peers {
		spec := &in.first.peers[i].Spec
		p.Expansion = p.Expansion || spec.ClusterID != p.Cluster && peering.NetworkOf(spec) != p.Network
	}
	return p, nil
}

func firstIsInstalled(in input) error {
	switch {
	case in.first.platform == nil || in.first.icp == nil:
		return errors.New("there is no mesh on the cluster that others are attached to: install it with `smm install -a`, or choose another with -c")
	case in.first.platform.Spec.ClusterName == "":
		return errors.New("the cluster has no name in the mesh: set spec.clusterName of its ControlPlane")
	case in.first.icp.Spec.Mode == servicemeshv1alpha1.ModePassive:
		return errors.New("the cluster has no istiod of its own: attach from a cluster with an active control plane")
	}
	return nil
}

func isAnotherCluster(in input) error {
	if in.first.id == in.peer.id {
		return errors.New("both kubeconfigs are for the same cluster: give that of the cluster to attach")
	}
	return nil
}

func nameIsFree(in input) error {
	taken := func(name string) error {
		return fmt.Errorf("another cluster of the mesh is called %s: choose a name with --name", name)
	}
	name, err := platform.ClusterName(in.options.Name)
	if err != nil {
		return fmt.Errorf("could not attach peer cluster: %w", err)
	}
	if name == in.first.platform.Spec.ClusterName {
		return taken(name)
	}
	for i := range in.first.peers {
		peer := &in.first.peers[i]
		if peer.Spec.ClusterID == name && ownerOf(peer) != in.peer.id {
			return taken(name)
		}
	}
	return nil
}

func isNotAttached(in input) error {
	for i := range in.first.peers {
		if ownerOf(&in.first.peers[i]) == in.peer.id && !in.options.Force {
			return fmt.Errorf("the cluster is attached already, as %s: repeat with --force, or detach it first to change its name or network", in.first.peers[i].Spec.ClusterID)
		}
	}
	return nil
}

func modeFits(in input) error {
	icp := in.peer.icp
	switch {
	case icp == nil:
	case !in.options.Active && icp.Spec.Mode != servicemeshv1alpha1.ModePassive:
		return errors.New("the cluster has an active control plane: attach it with --active-istio-control-plane, or uninstall that first")
	case in.options.Active && icp.Spec.Mode == servicemeshv1alpha1.ModePassive:
		return errors.New("the cluster's control plane is passive: attach it without --active-istio-control-plane, or detach it first")
	case in.options.Active && icp.Namespace != in.first.icp.Namespace:
		return fmt.Errorf("the cluster's control plane is in namespace %s, and that of the mesh in %s: they have to be in the same", icp.Namespace, in.first.icp.Namespace)
	}
	return nil
}

// peerPlatform is the ControlPlane of the attached cluster: what it has, if anything, with what the plan says.
func peerPlatform(p Plan, first, peer observation) (*smmv1alpha1.ControlPlane, error) {
	cp := &smmv1alpha1.ControlPlane{}
	cp.SetGroupVersionKind(smmv1alpha1.GroupVersion.WithKind(smmv1alpha1.KindControlPlane))
	cp.Name = platform.ControlPlaneName
	on := true
	if peer.platform != nil {
		cp.Name, cp.Spec = peer.platform.Name, *peer.platform.Spec.DeepCopy()
	} else {
		from := first.platform.Spec.DeepCopy()
		cp.Spec.RepositoryOverride, cp.Spec.RegistryAccess = from.RepositoryOverride, from.RegistryAccess
	}
	cp.Spec.ClusterName = p.Cluster
	cp.Spec.Role = smmv1alpha1.RoleActive
	if p.Mode == servicemeshv1alpha1.ModePassive {
		cp.Spec.Role = smmv1alpha1.RolePassive
	}
	if cp.Spec.MeshManager == nil {
		cp.Spec.MeshManager = &smmv1alpha1.MeshManager{}
	}
	if cp.Spec.MeshManager.Istio == nil {
		cp.Spec.MeshManager.Istio = &smmv1alpha1.MeshManagerIstio{}
	}
	cp.Spec.MeshManager.Enabled = &on
	settings := cp.Spec.MeshManager.Istio
	settings.Enabled = &on
	if settings.IstioCRRef == nil || p.Mode == servicemeshv1alpha1.ModePassive {
		settings.IstioCRRef = &metav1alpha1.NamespacedName{Name: first.icp.Name, Namespace: first.icp.Namespace}
	}
	said := map[string]any{"networkName": p.Network, "meshID": first.icp.Spec.MeshID}
	if peer.icp == nil || p.Mode == servicemeshv1alpha1.ModePassive {
		said["version"] = first.icp.Spec.Version
	}
	return cp, enable(cp, p.Expansion, said)
}

// firstPlatform is the ControlPlane of the cluster that another is attached to: it has the cluster registry, and the
// gateway if networks differ.
func firstPlatform(p Plan, first observation) (*smmv1alpha1.ControlPlane, error) {
	cp := first.platform.DeepCopy()
	return cp, enable(cp, p.Expansion, nil)
}

// enable switches on what a cluster of several needs, and lays settings over those of its Istio.
func enable(cp *smmv1alpha1.ControlPlane, expansion bool, said map[string]any) error {
	on := true
	if cp.Spec.ClusterRegistry == nil {
		cp.Spec.ClusterRegistry = &smmv1alpha1.NamespacedComponent{}
	}
	cp.Spec.ClusterRegistry.Enabled = &on
	said = maps.Clone(said)
	if said == nil {
		said = map[string]any{}
	}
	if expansion {
		said["meshExpansion"] = map[string]any{"enabled": true}
	}
	if len(said) == 0 {
		return nil
	}
	if cp.Spec.MeshManager == nil {
		cp.Spec.MeshManager = &smmv1alpha1.MeshManager{}
	}
	if cp.Spec.MeshManager.Istio == nil {
		cp.Spec.MeshManager.Istio = &smmv1alpha1.MeshManagerIstio{}
	}
	settings := cp.Spec.MeshManager.Istio
	text, err := overridden(cmp.Or(settings.IstioCROverrides, settings.IstioCRDOverrides), said)
	settings.IstioCROverrides = text
	return err
}

// overridden lays settings over those of a text with an IstioControlPlane. A text that says so already stays as it is.
func overridden(text string, said map[string]any) (string, error) {
	document := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return text, fmt.Errorf("spec.meshManager.istio.istioCROverrides is no YAML of an IstioControlPlane: %w", err)
	}
	spec, _ := document["spec"].(map[string]any)
	changed := false
	merged := maps.Clone(spec)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range said {
		if inner, isMap := value.(map[string]any); isMap {
			under, _ := merged[key].(map[string]any)
			laid := maps.Clone(under)
			if laid == nil {
				laid = map[string]any{}
			}
			for name, item := range inner {
				changed = changed || laid[name] != item
				laid[name] = item
			}
			merged[key] = laid
			continue
		}
		changed = changed || merged[key] != value
		merged[key] = value
	}
	if !changed {
		return text, nil
	}
	if document == nil {
		document = map[string]any{}
	}
	document["spec"] = merged
	encoded, err := yaml.Marshal(document)
	return string(encoded), err
}

// Trust says in one word how the cluster's workloads and the others' trust each other.
func (p Plan) Trust() string {
	switch {
	case p.Mode == servicemeshv1alpha1.ModePassive:
		return "Same authority"
	case p.CommonRoot:
		return "Common root"
	}
	return "Federated"
}
