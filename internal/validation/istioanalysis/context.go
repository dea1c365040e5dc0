package istioanalysis

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/analysis"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/resource"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvk"

	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// context is what an analyzer sees: the objects of a view, or one of them only.
type context struct {
	view   validation.View
	only   *validation.Object // the only object that there is, for analyzers that look at one at a time
	across bool               // Services of all clusters, not each name once
	// gateways are the only Gateways that there are, for analyzers that compare these; nil for all.
	gateways []*resource.Instance
	byName   map[validation.Kind]map[resource.FullName]*resource.Instance // see named
	subject  *validation.Object
	report   validation.Report
}

var _ analysis.Context = (*context)(nil)

// SetAnalyzer does nothing: a context has one analyzer only.
func (*context) SetAnalyzer(string) {}

// Canceled is never true: one analyzer takes milliseconds.
func (*context) Canceled() bool { return false }

// Exists tells whether there is a resource of that name.
func (c *context) Exists(kind config.GroupVersionKind, name resource.FullName) bool {
	return c.Find(kind, name) != nil
}

// Find returns a resource by its name, or nil.
func (c *context) Find(kind config.GroupVersionKind, name resource.FullName) *resource.Instance {
	return c.named(kind)[name]
}

// named are the resources of a kind by their names: analyzers look them up in loops over all of them.
func (c *context) named(kind config.GroupVersionKind) map[resource.FullName]*resource.Instance {
	k := kindOf(kind)
	if c.byName[k] == nil {
		if c.byName == nil {
			c.byName = map[validation.Kind]map[resource.FullName]*resource.Instance{}
		}
		c.byName[k] = c.findNames(kind)
	}
	return c.byName[k]
}

func (c *context) findNames(kind config.GroupVersionKind) map[resource.FullName]*resource.Instance {
	index := func(validation.View) map[resource.FullName]*resource.Instance {
		all := c.instances(kind)
		byName := make(map[resource.FullName]*resource.Instance, len(all))
		for _, instance := range all {
			if byName[instance.Metadata.FullName] == nil {
				byName[instance.Metadata.FullName] = instance
			}
		}
		return byName
	}
	switch k := kindOf(kind); {
	case k == meshConfig, k == meshNetworks, k == validation.Service && c.across:
		return index(c.view)
	case k == validation.Service:
		return validation.DerivedAcross(c.view, "istio services by name in "+c.view.Cluster, withSources([]validation.Kind{k}), index)
	default:
		return validation.Derived(c.view, "istio instances by name of "+string(k), withSources([]validation.Kind{k}), index)
	}
}

// ForEach calls f with every resource of a kind, by namespace and name, until f returns false.
func (c *context) ForEach(kind config.GroupVersionKind, f analysis.IteratorFn) {
	if c.only != nil && kindOf(kind) != meshConfig {
		if kindOf(kind) == c.only.Kind {
			f(instanceOf(c.only, kind))
		}
		return
	}
	all := c.gateways
	if all == nil || kind != gvk.Gateway {
		all = c.instances(kind)
	}
	for _, instance := range all {
		if !f(instance) {
			return
		}
	}
}

// Report turns an analyzer's message into a fault, unless it is known to be wrong here.
func (c *context) Report(_ config.GroupVersionKind, message diag.Message) {
	if fault, ok := c.fault(message); ok {
		c.report(fault)
	}
}

// instances returns the resources of a kind in the form that analyzers read. They are made once for each state.
func (c *context) instances(kind config.GroupVersionKind) []*resource.Instance {
	k := kindOf(kind)
	name := "istio instances of " + string(k)
	switch {
	case k == meshConfig:
		return []*resource.Instance{instanceOf(c.synthetic("meshconfig", facts.MeshConfig(c.view)), gvk.MeshConfig)}
	case k == meshNetworks:
		return []*resource.Instance{instanceOf(c.synthetic("meshnetworks", facts.MeshNetworks(c.view)), gvk.MeshNetworks)}
	case k == validation.Service && c.across:
		return copies(c.view, kind)
	case k == validation.Service:
		return validation.DerivedAcross(c.view, name+" in "+c.view.Cluster, withSources([]validation.Kind{k}), func(v validation.View) []*resource.Instance {
			return instances(services(v), kind)
		})
	case k == validation.Pod:
		return validation.Derived(c.view, name, withSources([]validation.Kind{k}), func(v validation.View) []*resource.Instance {
			return instances(facts.Pods(v), kind)
		})
	}
	return validation.Derived(c.view, name, []validation.Kind{k}, func(v validation.View) []*resource.Instance {
		return instances(v.Objects(k), kind)
	})
}

func (c *context) synthetic(name string, spec any) *validation.Object {
	return &validation.Object{
		ID:   validation.ID{Cluster: c.view.Cluster, Kind: validation.Kind(name), Namespace: facts.RootNamespace(c.view), Name: name},
		Spec: spec,
	}
}

// services are those that proxies of the view's cluster know: a Service of another cluster counts when this one has
// none of its name.
func services(v validation.View) []*validation.Object {
	all := slices.Clone(facts.Services(v))
	type name struct{ namespace, name string }
	known := map[name]bool{}
	for _, o := range all {
		known[name{o.Namespace, o.Name}] = true
	}
	for _, cluster := range v.Clusters() {
		for _, o := range v.At(cluster).Objects(validation.Service) {
			if !known[name{o.Namespace, o.Name}] {
				known[name{o.Namespace, o.Name}] = true
				all = append(all, o)
			}
		}
	}
	return all
}

// copies are the Services of all clusters. The analyzer that reads them sorts their ports in place.
func copies(v validation.View, kind config.GroupVersionKind) []*resource.Instance {
	var all []*resource.Instance
	for _, cluster := range v.Clusters() {
		for _, o := range v.At(cluster).Objects(validation.Service) {
			if ignored(o) {
				continue
			}
			instance := instanceOf(o, kind)
			spec := validation.SpecOf[*corev1.ServiceSpec](o).DeepCopy()
			for i := range spec.Ports {
				spec.Ports[i].NodePort = 0 // each cluster chooses its own
			}
			instance.Message = spec
			all = append(all, instance)
		}
	}
	return all
}

func instances(objects []*validation.Object, kind config.GroupVersionKind) []*resource.Instance {
	all := make([]*resource.Instance, 0, len(objects))
	for _, o := range objects {
		if !ignored(o) {
			all = append(all, instanceOf(o, kind))
		}
	}
	return all
}

// ignored tells whether an object is in a namespace that Istio never serves.
func ignored(o *validation.Object) bool {
	namespace := o.Namespace
	if o.Kind == validation.Namespace {
		namespace = o.Name
	}
	switch namespace {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return true
	}
	return false
}

func instanceOf(o *validation.Object, kind config.GroupVersionKind) *resource.Instance {
	schema, _ := collections.All.FindByGroupVersionKind(kind)
	return &resource.Instance{
		Metadata: resource.Metadata{
			Schema:      schema,
			FullName:    resource.FullName{Namespace: resource.Namespace(o.Namespace), Name: resource.LocalName(o.Name)},
			CreateTime:  o.Created,
			Version:     resource.Version(o.Version),
			Generation:  o.Generation,
			Labels:      o.Labels,
			Annotations: o.Annotations,
		},
		Message: o.Spec,
		Status:  o.Status,
		Origin:  &origin{object: o, kind: kind, cluster: cluster.ID(o.Cluster)},
	}
}
