package podstate

import (
	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

// IsSidecar says that an init container keeps running beside the pod's containers.
func IsSidecar(c *corev1.Container) bool { return podutil.IsRestartableInitContainer(c) }

// WillRestart says that a container whose latest attempt ended will be started again, sooner or later.
func (p *Pod) WillRestart(c *corev1.Container) bool {
	if p.Stopped || p.Deleted() || p.Failure != nil {
		return false
	}
	return p.restarts(c, p.Containers[c.Name])
}

// restarts applies the restart policy to a container that ended.
func (p *Pod) restarts(c *corev1.Container, known *Container) bool {
	switch {
	case known.Exited == nil:
		return false
	case known.Rerun:
		return true
	case p.IsOneShot(c) && known.Exited.ExitCode == 0:
		return false
	case p.changed(c, known):
		return true
	}
	return podutil.ContainerShouldRestart(*c, p.Object.Spec, known.Exited.ExitCode)
}

// changed says that the container's image was changed in the pod since its latest attempt.
func (p *Pod) changed(c *corev1.Container, known *Container) bool {
	return !p.IsOneShot(c) && known.Image != "" && known.Image != c.Image
}

// IsOneShot says that a container is an init container which ends before the next one starts.
func (p *Pod) IsOneShot(c *corev1.Container) bool { return p.IsInit(c.Name) && !IsSidecar(c) }

// IsInit says that the container of that name is an init container, maybe a sidecar.
func (p *Pod) IsInit(name string) bool {
	for i := range p.Object.Spec.InitContainers {
		if p.Object.Spec.InitContainers[i].Name == name {
			return true
		}
	}
	return false
}

// Done says that the pod's work is over: each container ended for good, or an init container failed for
// good. Sidecars may still run.
func (p *Pod) Done() bool {
	if p.InitFailed() {
		return true
	}
	for i := range p.Object.Spec.Containers {
		c := &p.Object.Spec.Containers[i]
		known := p.Containers[c.Name]
		if known.Exited == nil || p.restarts(c, known) {
			return false
		}
	}
	return true
}

// InitFailed says that an init container failed and will not be tried again.
func (p *Pod) InitFailed() bool {
	for i := range p.Object.Spec.InitContainers {
		c := &p.Object.Spec.InitContainers[i]
		known := p.Containers[c.Name]
		if !IsSidecar(c) && known.Exited != nil && known.Exited.ExitCode != 0 && !p.restarts(c, known) {
			return true
		}
	}
	return false
}
