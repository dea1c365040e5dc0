package registry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fieldManager is the name under which copies are written.
const fieldManager = "smm-cluster-registry"

// settlement is a copy that was found to be as it has to be, although it does not look it: the API server completes
// some objects.
type settlement struct {
	desired         [sha256.Size]byte
	resourceVersion string
}

// process brings one object in sync. It tells whether that is settled; if not, it is tried again.
func (s *syncer) process(ctx context.Context, key objectKey) bool {
	v, rules, ready := s.look(key)
	if !ready {
		return true // what is not known yet is looked at when it is
	}
	d, err := v.decide(rules)
	if err != nil {
		s.report(key, problem{rule: d.rule, message: fmt.Sprintf("%s: %s", key, oneLine(err))})
		return true // until the rule or the object changes
	}
	waiting := s.withoutNamespace(&d)
	if err := s.act(ctx, d); err != nil {
		if ctx.Err() != nil || apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
			return false
		}
		s.log.Warn("cannot keep in sync", "object", key.String(), "rule", d.rule, "error", err)
		s.report(key, problem{rule: d.rule, message: fmt.Sprintf("%s: %s", key, oneLine(err))})
		return false
	}
	if waiting != "" {
		s.report(key, problem{rule: d.rule, namespace: waiting, message: fmt.Sprintf("%s: there is no namespace %s here", key, waiting)})
		return true
	}
	s.report(key, problem{rule: d.rule, message: d.problem})
	return true
}

// look gathers what is known about an object. Nothing is ready while this cluster's own objects are not known.
func (s *syncer) look(key objectKey) (v view, rules []rule, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v = view{
		clusterID: s.clusterID, registered: map[string]bool{}, names: map[string]string{}, answering: map[string]bool{},
		adopted: s.adopted, left: s.left, departed: maps.Clone(s.departed), local: s.find,
	}
	v.departed.add(s.dismissed)
	for id, r := range s.registered {
		v.registered[id], v.names[id] = true, r.name
	}
	kinds := map[schema.GroupVersionKind]bool{}
	for i := range s.rules {
		from, to := kindsOf(&s.rules[i].Spec)
		if from != key.kind {
			continue
		}
		rules = append(rules, rule{name: s.rules[i].Name, spec: &s.rules[i].Spec, from: map[string]bool{}})
		kinds[from] = true
		for _, kind := range to {
			kinds[kind] = true
		}
	}
	for kind := range kinds {
		local := s.here[kind]
		if local == nil || !local.watch.known() {
			return v, nil, false
		}
		v.copies = append(v.copies, local.watch.copiesOf(key)...)
	}
	for id, p := range s.peers {
		w := p.kind(key.kind)
		if w == nil || !w.scope.holds(key, v.copies) {
			continue
		}
		v.answering[id] = true
		v.sources = append(v.sources, holding{peer: id, object: w.get(key)})
		features := p.featureList()
		for _, r := range rules {
			fits, err := MatchesFeatures(r.spec, features)
			r.from[id] = fits && err == nil
		}
	}
	return v, rules, len(rules) > 0
}

// find returns an object of this cluster.
func (s *syncer) find(key objectKey) *unstructured.Unstructured {
	if local := s.here[key.kind]; local != nil && local.watch.known() {
		return local.watch.get(key)
	}
	return nil
}

// adopted: a Cluster and its Secret belong to the cluster that they are for, also where somebody has brought them by hand,
// as one does to bring clusters together: they are kept as that cluster has them.
func (s *syncer) adopted(object *unstructured.Unstructured) string {
	if isCluster(object) {
		id, _, _ := unstructured.NestedString(object.Object, "spec", "clusterID")
		return id
	}
	if isCredential(object) {
		for id, r := range s.registered {
			if r.secret == keyOf(object) {
				return id
			}
		}
		if s.own == keyOf(object) {
			return s.clusterID
		}
	}
	return ""
}

// left: a peer without credentials for others has left the group. Deleting its Cluster alone does not take it out.
func (s *syncer) left(id string) bool {
	p, key := s.peers[id], s.registered[id].secret
	if p == nil {
		return false
	}
	w := p.kind(key.kind)
	return w != nil && w.scope.holds(key, nil) && w.get(key) == nil
}

// withoutNamespace takes out of a decision what there is no namespace for, and names the first that is missing.
func (s *syncer) withoutNamespace(d *decision) (missing string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.writes = slices.DeleteFunc(d.writes, func(w write) bool {
		namespace := w.desired.GetNamespace()
		if w.live != nil || namespace == "" || !s.namespaces.known() || s.namespaces.get(objectKey{name: namespace}) != nil {
			return false
		}
		missing = cmp.Or(missing, namespace)
		return true
	})
	return missing
}

// act writes what was decided.
func (s *syncer) act(ctx context.Context, d decision) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	for _, object := range d.remove {
		if err := s.remove(ctx, object); err != nil {
			return err
		}
	}
	var errs []error
	for _, w := range d.writes {
		kind, err := s.servedHere(w.desired.GroupVersionKind())
		if err == nil {
			err = s.write(ctx, kind, w)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *syncer) servedHere(kind schema.GroupVersionKind) (served, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	local := s.here[kind]
	if local == nil {
		return served{}, fmt.Errorf("no rule names the kind %s of the copy", kind.Kind)
	}
	return local.served, local.err
}

func (s *syncer) write(ctx context.Context, kind served, w write) error {
	key := keyOf(w.desired)
	objects := kind.in(key.namespace)
	live, next := w.live, w.desired
	_, withStatus := w.desired.Object["status"]
	digest, err := digestOf(w.desired)
	if err != nil {
		return err
	}
	if live == nil {
		if live, err = objects.Create(ctx, next, metav1.CreateOptions{FieldManager: fieldManager}); err != nil {
			return err
		}
		s.log.Info("copied", "object", key.String(), "rule", w.rule)
	} else {
		next = updated(live, w.desired)
		if s.isSettled(key, settlement{digest, live.GetResourceVersion()}) || sameContent(live, next) {
			return nil
		}
		if live, err = objects.Update(ctx, next, metav1.UpdateOptions{FieldManager: fieldManager}); err != nil {
			return err
		}
		s.log.Info("updated", "object", key.String(), "rule", w.rule)
	}
	if withStatus && kind.hasStatus && !sameStatus(live, w.desired) {
		status := live.DeepCopy()
		status.Object["status"] = runtime.DeepCopyJSONValue(w.desired.Object["status"])
		if live, err = objects.UpdateStatus(ctx, status, metav1.UpdateOptions{FieldManager: fieldManager}); err != nil {
			return err
		}
	}
	s.settle(key, settlement{digest, live.GetResourceVersion()})
	return nil
}

// remove deletes a copy, if it is still the one that was looked at.
func (s *syncer) remove(ctx context.Context, object *unstructured.Unstructured) error {
	key := keyOf(object)
	kind, err := s.servedHere(key.kind)
	if err != nil {
		return err
	}
	uid, version := object.GetUID(), object.GetResourceVersion()
	background := metav1.DeletePropagationBackground
	err = kind.in(key.namespace).Delete(ctx, key.name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, PropagationPolicy: &background,
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		s.log.Info("deleted", "object", key.String())
		s.mu.Lock()
		delete(s.settled, key)
		s.mu.Unlock()
	}
	return err
}

func (s *syncer) isSettled(key objectKey, now settlement) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled[key] == now
}

func (s *syncer) settle(key objectKey, now settlement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled[key] = now
}

// report notes why an object is not in sync, or that it is.
func (s *syncer) report(key objectKey, p problem) {
	s.mu.Lock()
	changed := s.problems[key] != p
	if p.message == "" {
		_, changed = s.problems[key]
		delete(s.problems, key)
	} else {
		s.problems[key] = p
	}
	s.mu.Unlock()
	if changed {
		s.onReport()
	}
}

func digestOf(object *unstructured.Unstructured) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(object.Object)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode %s: %w", keyOf(object), err)
	}
	return sha256.Sum256(encoded), nil
}

// oneLine is the message of an error as it stands in a status.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
