package releases

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/istio/chartsource"
)

// source is one chart source: its store, or why it cannot be used.
type source struct {
	name, url string
	store     chartsource.Store
	invalid   error
}

func (s source) versions(ctx context.Context) ([]string, error) {
	if s.invalid != nil {
		return nil, s.invalid
	}
	return s.store.Versions(ctx)
}

func (s source) release(ctx context.Context, version string) (istio.Release, error) {
	if s.invalid != nil {
		return istio.Release{}, s.invalid
	}
	return s.store.Release(ctx, version)
}

func (s source) state() istio.Source {
	if s.invalid != nil {
		return istio.Source{Name: s.name, URL: s.url, Problem: s.invalid.Error()}
	}
	return s.store.State()
}

// sources are the chart sources in the order in which they are asked.
func (c *Catalogue) sources(ctx context.Context) ([]source, error) {
	var found []source
	add := func(spec smmv1alpha1.ChartSource, namespace string) {
		same := func(other source) bool { return other.name == spec.Name }
		if !slices.ContainsFunc(found, same) {
			found = append(found, c.open(spec, namespace))
		}
	}
	for _, spec := range c.options.Sources {
		add(spec, c.options.Namespace)
	}
	controlPlanes, err := c.controlPlanes(ctx)
	if err != nil {
		return nil, err
	}
	for i := range controlPlanes {
		for _, spec := range Of(&controlPlanes[i]) {
			add(spec, c.namespaceOf(&controlPlanes[i]))
		}
	}
	return found, nil
}

// Of are the chart sources that a ControlPlane names.
func Of(cp *smmv1alpha1.ControlPlane) []smmv1alpha1.ChartSource {
	if cp.Spec.MeshManager == nil || cp.Spec.MeshManager.Istio == nil {
		return nil
	}
	return cp.Spec.MeshManager.Istio.ChartSources
}

func (c *Catalogue) controlPlanes(ctx context.Context) ([]smmv1alpha1.ControlPlane, error) {
	var all smmv1alpha1.ControlPlaneList
	if c.options.ControlPlanes == nil {
		return c.withPending(nil), nil
	}
	err := c.options.ControlPlanes.List(ctx, &all)
	if meta.IsNoMatchError(err) {
		return c.withPending(nil), nil // the product is not installed yet
	}
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("list ControlPlanes: %w", err)
	}
	slices.SortFunc(all.Items, func(a, b smmv1alpha1.ControlPlane) int { return strings.Compare(a.Name, b.Name) })
	return c.withPending(all.Items), nil
}

// withPending lets the ControlPlane that is to be applied take the place of the one that is there.
func (c *Catalogue) withPending(all []smmv1alpha1.ControlPlane) []smmv1alpha1.ControlPlane {
	pending := c.pending
	if pending == nil {
		return all
	}
	others := slices.DeleteFunc(all, func(cp smmv1alpha1.ControlPlane) bool { return cp.Name == pending.Name })
	return append([]smmv1alpha1.ControlPlane{*pending}, others...)
}

func (c *Catalogue) namespaceOf(cp *smmv1alpha1.ControlPlane) string {
	if cp.Spec.SMM == nil {
		return c.options.Namespace
	}
	return cmp.Or(cp.Spec.SMM.Namespace, c.options.Namespace)
}

// open returns the store of a source, the same one for the same settings.
func (c *Catalogue) open(spec smmv1alpha1.ChartSource, namespace string) source {
	opened := source{name: spec.Name, url: spec.URL}
	settings, err := json.Marshal([]any{spec, namespace})
	if err != nil {
		opened.invalid = fmt.Errorf("chart source %s: %w", spec.Name, err)
		return opened
	}
	c.opened.mu.Lock()
	defer c.opened.mu.Unlock()
	if opened.store = c.opened.all[string(settings)]; opened.store == nil {
		opened.store, opened.invalid = chartsource.Open(c.describe(spec, namespace), c.options.Stores)
		if opened.invalid == nil {
			c.opened.all[string(settings)] = opened.store
		}
	}
	return opened
}

func (c *Catalogue) describe(spec smmv1alpha1.ChartSource, namespace string) chartsource.Source {
	described := chartsource.Source{
		Name: spec.Name, URL: spec.URL, PlainHTTP: spec.PlainHTTP,
		Checksums: map[chartsource.ChartVersion]string{},
	}
	for _, sum := range spec.Checksums {
		described.Checksums[chartsource.ChartVersion{Chart: istio.Chart(sum.Chart), Version: sum.Version}] = sum.SHA256
	}
	if spec.SecretRef != nil && spec.SecretRef.Name != "" {
		key := client.ObjectKey{Namespace: namespace, Name: spec.SecretRef.Name}
		described.Credentials = func(ctx context.Context) (chartsource.Credentials, error) {
			return readCredentials(ctx, c.options.Secrets, key, spec.URL)
		}
	}
	return described
}
