package migration

// Plan is what a migration of a namespace would do.
type Plan struct {
	Namespace string `json:"namespace"`
	// From and To are values of the namespace's revision label.
	From string `json:"from"`
	To   string `json:"to"`
	// Gateways are the IstioMeshGateways that get another control plane.
	Gateways []string `json:"gateways,omitempty"`
	// Restart are the workloads that are restarted, in this order.
	Restart []string `json:"restart,omitempty"`
	// Moved are the workloads that are there already.
	Moved []string `json:"moved,omitempty"`
	// Left is what stays where it is.
	Left []Left `json:"left,omitempty"`
}

// PlanOf computes what a migration of the namespace would do. It is pure.
func PlanOf(s State, target Target) Plan {
	r := sortOut(s, target)
	plan := Plan{Namespace: s.Namespace, From: s.Label, To: target.Label, Left: r.left}
	for _, gateway := range strayGateways(s, target) {
		plan.Gateways = append(plan.Gateways, gateway.Name)
	}
	for _, w := range s.Workloads {
		switch {
		case w.on(target.Plane):
			plan.Moved = append(plan.Moved, w.String())
		case w.Fixed == "":
			plan.Restart = append(plan.Restart, w.String())
		}
	}
	return plan
}
