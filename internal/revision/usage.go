package revision

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshmanager/smm/internal/istio"
)

// Usage is who uses a control plane. All lists are sorted.
type Usage struct {
	// Namespaces are those whose new pods it injects.
	Namespaces []string `json:"namespaces,omitempty"`
	// Workloads are those with a proxy that it serves, as "namespace/Kind name".
	Workloads []string `json:"workloads,omitempty"`
	// Pods have a proxy that it serves, as namespace/name.
	Pods []string `json:"pods,omitempty"`
	// Unknown are those of the pods and machines whose proxies do not say who serves them.
	Unknown []string `json:"unknown,omitempty"`
	// Gateways are IstioMeshGateways that refer to it, as namespace/name.
	Gateways []string `json:"gateways,omitempty"`
	// Machines are WorkloadEntries of machines that are connected to it, as namespace/name.
	Machines []string `json:"machines,omitempty"`
	// Tags are revision tags that somebody else made for it.
	Tags []string `json:"tags,omitempty"`
}

// InUse tells whether the control plane cannot go without somebody missing it.
func (u Usage) InUse() bool {
	return u.Serving() || len(u.Namespaces)+len(u.Tags) > 0
}

// Serving tells whether proxies need it now. Labels and tags alone matter only for pods to come.
func (u Usage) Serving() bool {
	return len(u.Pods)+len(u.Gateways)+len(u.Machines) > 0
}

// mostNamed bounds the users of each kind that a sentence names.
const mostNamed = 5

// String says who uses the control plane, each kind with its count and the first few names; "" for nobody.
func (u Usage) String() string {
	var parts []string
	add := func(users []string, one, many string) {
		if len(users) == 0 {
			return
		}
		text := fmt.Sprintf("1 %s (%s)", one, users[0])
		if len(users) > 1 {
			named := strings.Join(users[:min(len(users), mostNamed)], ", ")
			if len(users) > mostNamed {
				named += ", …"
			}
			text = fmt.Sprintf("%d %s (%s)", len(users), many, named)
		}
		parts = append(parts, text)
	}
	add(u.Namespaces, "namespace", "namespaces")
	add(u.Pods, "pod", "pods")
	add(u.Gateways, "gateway", "gateways")
	add(u.Machines, "machine", "machines")
	add(u.Tags, "revision tag", "revision tags")
	text := strings.Join(parts, ", ")
	if len(u.Unknown) > 0 {
		text += fmt.Sprintf("; of these, %d do not say who serves them", len(u.Unknown))
	}
	return text
}

// UsageOf tells who uses the control plane. What the product made for itself or for the control plane does not count,
// because it goes or moves with it; what is unknown counts.
func (c Cluster) UsageOf(plane istio.Revision) Usage {
	var u Usage
	for _, namespace := range c.Namespaces {
		if !namespace.Ours && slices.Contains(c.Selected(SelectorOf(namespace.Labels)), plane) {
			u.Namespaces = append(u.Namespaces, namespace.Name)
		}
	}
	for _, webhook := range c.Webhooks {
		if !webhook.Ours && webhook.calls(plane) {
			u.Tags = append(u.Tags, webhook.Tag)
		}
	}
	for _, gateway := range c.Gateways {
		if !gateway.Ours && gateway.Plane == plane {
			u.Gateways = append(u.Gateways, gateway.Namespace+"/"+gateway.Name)
		}
	}
	c.addPods(plane, &u)
	for _, entry := range c.Entries {
		if attachment := c.attachmentOfEntry(entry); attachment.To(plane) {
			name := entry.Namespace + "/" + entry.Name
			u.Machines = append(u.Machines, name)
			if attachment.Unknown {
				u.Unknown = append(u.Unknown, name)
			}
		}
	}
	for _, list := range []*[]string{&u.Namespaces, &u.Workloads, &u.Pods, &u.Unknown, &u.Gateways, &u.Machines, &u.Tags} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return u
}

func (c Cluster) addPods(plane istio.Revision, u *Usage) {
	for _, pod := range c.Pods {
		attachment := c.attachmentOf(pod)
		if !attachment.To(plane) || c.ofOurGateway(pod) {
			continue
		}
		name := pod.Namespace + "/" + pod.Name
		u.Pods = append(u.Pods, name)
		if pod.Workload != "" {
			u.Workloads = append(u.Workloads, pod.Namespace+"/"+pod.Workload)
		}
		if attachment.Unknown {
			u.Unknown = append(u.Unknown, name)
		}
	}
}

// GatewayLabel is the label of a gateway's pods that names their IstioMeshGateway.
const GatewayLabel = "gateway-name"

// ofOurGateway tells whether the pod belongs to a gateway that the product made.
func (c Cluster) ofOurGateway(pod Pod) bool {
	name, labelled := pod.Labels[GatewayLabel]
	return labelled && slices.ContainsFunc(c.Gateways, func(gateway Gateway) bool {
		return gateway.Ours && gateway.Namespace == pod.Namespace && gateway.Name == name
	})
}

// Orphans counts the proxies of control planes that do not exist, by Istio's name of the revision.
func (c Cluster) Orphans() map[string]int {
	orphans := map[string]int{}
	for _, pod := range c.Pods {
		if missing := c.attachmentOf(pod).Missing; missing != "" {
			orphans[missing]++
		}
	}
	return orphans
}

// Except is the cluster without what is in the given namespaces.
func (c Cluster) Except(namespaces ...string) Cluster {
	in := func(name string) bool { return slices.Contains(namespaces, name) }
	rest := c
	rest.Namespaces = slices.DeleteFunc(slices.Clone(c.Namespaces), func(n Namespace) bool { return in(n.Name) })
	rest.Pods = slices.DeleteFunc(slices.Clone(c.Pods), func(p Pod) bool { return in(p.Namespace) })
	rest.Gateways = slices.DeleteFunc(slices.Clone(c.Gateways), func(g Gateway) bool { return in(g.Namespace) })
	rest.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e Entry) bool { return in(e.Namespace) })
	return rest
}

// Summary is a control plane and who uses it.
type Summary struct {
	ControlPlane string `json:"controlPlane"`
	Version      string `json:"version,omitempty"`
	Status       string `json:"status"`
	InUse        bool   `json:"inUse"`
	// Connected is how many proxies its istiods say are connected to them now, nil where they were not asked.
	Connected *int `json:"connected,omitempty"`
	Usage
}

// WithConnected is the summary with what the control plane's istiods say. Connections that nothing else explains are
// of somebody who uses it.
func (s Summary) WithConnected(proxies int) Summary {
	s.Connected = &proxies
	s.InUse = s.InUse || proxies > 0
	return s
}

// Missing is the status of a control plane that does not exist though proxies are attached to it.
const Missing = "Missing"

// Summaries tells of every control plane who uses it, by name; those that proxies miss come last.
func (c Cluster) Summaries() []Summary {
	var all []Summary
	for _, plane := range c.Planes {
		usage := c.UsageOf(plane.Revision)
		status := plane.Status
		if plane.Deleted {
			status = "Deleting"
		}
		all = append(all, Summary{ControlPlane: plane.Label(), Version: plane.Version, Status: status, InUse: usage.InUse(), Usage: usage})
	}
	slices.SortFunc(all, func(a, b Summary) int { return strings.Compare(a.ControlPlane, b.ControlPlane) })
	orphans := c.Orphans()
	for _, name := range slices.Sorted(maps.Keys(orphans)) {
		summary := Summary{ControlPlane: name, Status: Missing, InUse: true}
		for _, pod := range c.Pods {
			if c.attachmentOf(pod).Missing == name {
				summary.Pods = append(summary.Pods, pod.Namespace+"/"+pod.Name)
				if pod.Workload != "" {
					summary.Workloads = append(summary.Workloads, pod.Namespace+"/"+pod.Workload)
				}
			}
		}
		slices.Sort(summary.Pods)
		slices.Sort(summary.Workloads)
		summary.Workloads = slices.Compact(summary.Workloads)
		all = append(all, summary)
	}
	return all
}
