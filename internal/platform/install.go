package platform

import (
	"context"
	"fmt"
	"log/slog"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	servicemeshv1alpha1 "github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/releases"
	"github.com/meshmanager/smm/internal/kube"
)

// Installer installs the product on one cluster and removes it.
type Installer struct {
	client    client.WithWatch
	server    discovery.ServerVersionInterface
	catalogue istio.Catalogue // what is installed unless a version is asked for
	releases  *releases.Catalogue
	log       *slog.Logger
	forced    bool // removes control planes whoever uses them
	operated  bool // leaves the work to an operator
}

// NewInstaller returns an Installer for the cluster of the client. The client's scheme has to be
// that of package api. Writes are logged as information, rounds of reconciling for debugging.
func NewInstaller(c client.WithWatch, server discovery.ServerVersionInterface, found *releases.Catalogue, log *slog.Logger) *Installer {
	return &Installer{client: c, server: server, catalogue: istio.Builtin(), releases: found, log: log}
}

// Prepared is an installation that passed every check and has written nothing yet.
type Prepared struct {
	// ControlPlane is what will be applied.
	ControlPlane *smmv1alpha1.ControlPlane
	// Plan is what it means.
	Plan Plan
	// Facts are those of the cluster.
	Facts Facts

	installer *Installer
	objects   []*unstructured.Unstructured
}

// Prepare checks the settings against the cluster. Whatever can be found wrong without writing is
// found here.
func (i *Installer) Prepare(ctx context.Context, settings Settings) (*Prepared, error) {
	cp, err := settings.ControlPlane(ctx, i.releases)
	if err != nil {
		return nil, err
	}
	return i.PrepareControlPlane(ctx, cp)
}

// PrepareControlPlane checks a ControlPlane of the user's own against the cluster.
func (i *Installer) PrepareControlPlane(ctx context.Context, cp *smmv1alpha1.ControlPlane) (*Prepared, error) {
	icp, err := i.istioControlPlane(cp)
	if err != nil {
		return nil, err
	}
	release, err := i.releases.With(cp).Release(ctx, icp.Spec.Version)
	if err != nil {
		return nil, err
	}
	facts, err := Observe(ctx, i.client, i.server)
	if err != nil {
		return nil, err
	}
	plan := Plan{Release: release, Revision: RevisionOf(cp, i.catalogue), ControlPlane: cp.Name, ClusterName: cp.Spec.ClusterName}
	if err := Preflight(facts, plan); err != nil {
		return nil, err
	}
	objects, err := i.render(cp, icp, release, facts.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	return &Prepared{ControlPlane: cp, Plan: plan, Facts: facts, installer: i, objects: objects}, nil
}

// render makes everything that the installation will apply, in the order in which it is applied.
func (i *Installer) render(cp *smmv1alpha1.ControlPlane, icp *servicemeshv1alpha1.IstioControlPlane, release istio.Release, kubernetesVersion string) ([]*unstructured.Unstructured, error) {
	objects, err := Definitions()
	if err != nil {
		return nil, err
	}
	desired, err := Desired(cp)
	if err != nil {
		return nil, err
	}
	objects = append(objects, Namespaces(cp, i.catalogue)...)
	objects = append(objects, desired)
	parts, err := Components(cp, i.catalogue)
	if err != nil {
		return nil, err
	}
	impersonator, err := impersonatorOf(cp)
	if err != nil {
		return nil, err
	}
	parts = append(impersonator, parts...)
	if !(meshManager{}).enabled(cp) {
		return append(objects, parts...), nil
	}
	custom, err := IstioControlPlane(cp, i.catalogue)
	if err != nil {
		return nil, err
	}
	rendered, err := controlplane.Objects(icp, release, kubernetesVersion, true)
	if err != nil {
		return nil, err
	}
	definitions, err := release.CRDs()
	if err != nil {
		return nil, err
	}
	kube.SortForApply(rendered)
	objects = append(objects, custom)
	objects = append(objects, definitions...)
	objects = append(objects, rendered...)
	return append(objects, parts...), nil
}

// Components renders the components that follow from the ControlPlane alone. It is pure.
func Components(cp *smmv1alpha1.ControlPlane, catalogue istio.Catalogue) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, component := range renderedComponents(catalogue) {
		if !component.wanted(&cp.Spec) {
			continue
		}
		rendered, err := component.render(cp)
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", component.key, err)
		}
		kube.SortForApply(rendered)
		objects = append(objects, rendered...)
	}
	return objects, nil
}

// istioControlPlane is the control plane that a ControlPlane asks for.
func (i *Installer) istioControlPlane(cp *smmv1alpha1.ControlPlane) (*servicemeshv1alpha1.IstioControlPlane, error) {
	custom, err := IstioControlPlane(cp, i.catalogue)
	if err != nil {
		return nil, err
	}
	icp := &servicemeshv1alpha1.IstioControlPlane{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(custom.Object, icp, true); err != nil {
		return nil, fmt.Errorf("the settings of %s: %w", kube.RefOf(custom), err)
	}
	return icp, nil
}

// Objects is everything that the installation consists of, for users who apply it themselves.
func (p *Prepared) Objects() []*unstructured.Unstructured { return p.objects }

// Install carries the installation out and returns when everything is available. It can be
// repeated, also after it was interrupted at any point.
func (p *Prepared) Install(ctx context.Context, watch Watch) error {
	i := p.installer
	applier := kube.NewApplier(i.client).LogTo(i.log)
	if err := ApplyDefinitions(ctx, i.client, applier); err != nil {
		return err
	}
	if err := applyImpersonator(ctx, applier, p.ControlPlane); err != nil {
		return err
	}
	desired, err := Desired(p.ControlPlane)
	if err != nil {
		return err
	}
	driver := i.driver(p.Facts.KubernetesVersion)
	live, err := driver.read(ctx, p.ControlPlane.Name)
	if err != nil {
		return err
	}
	if live != nil && live.DeletionTimestamp != nil {
		// An uninstallation was interrupted: what it left half removed would be in the way.
		if err := driver.finishRemoval(ctx, live.Name, watch); err != nil {
			return err
		}
	}
	if _, err := applier.Apply(ctx, cliOwner(), []*unstructured.Unstructured{desired}); err != nil {
		return err
	}
	return driver.Install(ctx, p.ControlPlane.Name, watch)
}

// Reconcile brings the cluster to what the ControlPlane that is on it says.
func (i *Installer) Reconcile(ctx context.Context, name string, watch Watch) error {
	cp, err := i.installed(ctx, name)
	if err != nil {
		return err
	}
	if cp == nil {
		return fmt.Errorf("there is no ControlPlane %s on the cluster: install with `smm install -a`, or give one with --from-file", name)
	}
	version, err := i.server.ServerVersion()
	if err != nil {
		return fmt.Errorf("read the Kubernetes version: %w", err)
	}
	return i.driver(version.GitVersion).Install(ctx, name, watch)
}

func (i *Installer) driver(kubernetesVersion string) *Driver {
	driver := NewDriver(i.client, i.releases, kubernetesVersion, i.log)
	driver.forced, driver.operated = i.forced, i.operated
	return driver
}

// Round takes the next action for everything that is installed, once, and waits for nothing.
func (i *Installer) Round(ctx context.Context, name string) error {
	version, err := i.server.ServerVersion()
	if err != nil {
		return fmt.Errorf("read the Kubernetes version: %w", err)
	}
	_, err = NewDriver(i.client, i.catalogue, version.GitVersion, i.log).round(ctx, name)
	return err
}

// cliOwner marks a ControlPlane that a command wrote, as opposed to one that users apply.
func cliOwner() kube.Owner {
	return kube.Owner{Kind: "ServiceMeshManager", Name: "cli"}
}
