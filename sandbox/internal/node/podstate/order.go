package podstate

import corev1 "k8s.io/api/core/v1"

// StopsAfter names the containers that must have ended before the given one is asked to end: a sidecar
// outlives the pod's containers and the sidecars that started after it.
func StopsAfter(spec *corev1.PodSpec, name string) []string {
	var after []string
	for i := len(spec.InitContainers) - 1; i >= 0; i-- {
		c := &spec.InitContainers[i]
		switch {
		case c.Name == name && IsSidecar(c):
			for _, main := range spec.Containers {
				after = append(after, main.Name)
			}
			return after
		case IsSidecar(c):
			after = append(after, c.Name)
		}
	}
	return nil
}
