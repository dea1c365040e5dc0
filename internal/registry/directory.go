package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// directory keeps the Clusters of this cluster: it connects to peers whose credentials are there, makes this cluster's
// own credentials, and tells in the Clusters' status what it sees. A round looks at all of them and waits for none.
type directory struct {
	client  client.Client
	applier *kube.Applier
	options Options
	log     *slog.Logger
	local   *localCluster
	syncer  *syncer
	peers   map[string]*peer // by ID
	changed func()           // asks for another round
	now     func() time.Time
}

// Reconcile is one round.
func (d *directory) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	core, err := coreObjects(d.options.Namespace)
	if err != nil {
		return reconcile.Result{}, err
	}
	if _, err := d.applier.Apply(ctx, kube.Owner{Kind: v1alpha1.KindCluster, Name: d.options.ClusterName}, core); err != nil {
		return reconcile.Result{}, err
	}
	clusters, err := d.clusters(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	dismissed := d.dismissed(clusters)
	d.syncer.setDismissed(dismissed)
	if clusters, err = d.forget(ctx, clusters, dismissed); err != nil {
		return reconcile.Result{}, err
	}
	renew, credentialErr := d.keepCredential(ctx, clusters)
	secrets, err := d.secrets(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	d.connect(ctx, clusters, secrets)
	if err := d.loadRules(ctx); err != nil {
		return reconcile.Result{}, err
	}
	err = errors.Join(credentialErr, d.describeRules(ctx), d.describe(ctx, clusters, secrets, credentialErr))
	return reconcile.Result{RequeueAfter: renew}, err
}

// clusters lists the Clusters by name, after making this cluster's own if there is none.
func (d *directory) clusters(ctx context.Context) ([]v1alpha1.Cluster, error) {
	var list v1alpha1.ClusterList
	if err := d.client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list Clusters: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Cluster) int { return strings.Compare(a.Name, b.Name) })
	isLocal := func(c v1alpha1.Cluster) bool { return c.Spec.ClusterID == d.local.id }
	if d.options.ClusterName == "" || slices.ContainsFunc(list.Items, isLocal) {
		return list.Items, nil
	}
	own := v1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: d.options.ClusterName}}
	own.Spec.ClusterID = d.local.id
	own.Spec.AuthInfo.SecretRef.Name = d.options.ClusterName
	own.Spec.AuthInfo.SecretRef.Namespace = d.options.Namespace
	err := d.client.Create(ctx, &own, client.FieldOwner(fieldManager))
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("make Cluster %s: %w", own.Name, err)
	}
	return list.Items, nil // its event leads to the next round
}

// secrets are the credentials, by namespace and name.
func (d *directory) secrets(ctx context.Context) (map[client.ObjectKey]corev1.Secret, error) {
	var list corev1.SecretList
	if err := d.client.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("list the clusters' credentials: %w", err)
	}
	secrets := map[client.ObjectKey]corev1.Secret{}
	for _, secret := range list.Items {
		if secret.Type == v1alpha1.SecretTypeClusterRegistry {
			secrets[client.ObjectKeyFromObject(&secret)] = secret
		}
	}
	return secrets, nil
}

// connect makes the peers those that the Clusters tell of. A peer whose address or credentials changed is begun anew.
func (d *directory) connect(ctx context.Context, clusters []v1alpha1.Cluster, secrets map[client.ObjectKey]corev1.Secret) {
	own, registered, peers := objectKey{}, map[string]registration{}, map[string]*peer{}
	changed := false
	for i := range clusters {
		c := &clusters[i]
		id := c.Spec.ClusterID
		if id == d.local.id {
			own = secretKey(c)
		}
		if _, twice := registered[id]; id == d.local.id || twice {
			continue
		}
		registered[id] = registration{name: c.Name, secret: secretKey(c)}
		known := d.peers[id]
		trace := fingerprint(c, secrets, d.options.Network)
		if known != nil && known.fingerprint == trace {
			peers[id] = known
			continue
		}
		if next := d.dial(ctx, c, secrets, trace); next != nil {
			peers[id] = next
			changed = true
		}
	}
	for id, p := range d.peers {
		if peers[id] != p {
			p.stop()
			changed = true
		}
	}
	d.peers = peers
	if changed || d.syncer.registeredDiffers(own, registered) {
		d.syncer.setPeers(own, registered, peers)
	}
}

// fingerprint tells peers apart by all that leads to them.
func fingerprint(c *v1alpha1.Cluster, secrets map[client.ObjectKey]corev1.Secret, network string) string {
	endpoint := EndpointFor(&c.Spec, network)
	sum := sha256.New()
	_, disabled := c.Annotations[v1alpha1.ClusterDisabledAnnotation]
	fmt.Fprintf(sum, "%s %s %t %q %x ", c.Name, c.Spec.ClusterID, disabled, endpoint.ServerAddress, endpoint.CABundle)
	sum.Write(secrets[authKey(c)].Data[v1alpha1.KubeconfigKey])
	return hex.EncodeToString(sum.Sum(nil))
}

func authKey(c *v1alpha1.Cluster) client.ObjectKey {
	ref := c.Spec.AuthInfo.SecretRef
	return client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
}

func secretKey(c *v1alpha1.Cluster) objectKey {
	ref := c.Spec.AuthInfo.SecretRef
	return objectKey{corev1.SchemeGroupVersion.WithKind("Secret"), ref.Namespace, ref.Name}
}

// dial begins to read from a peer, if there are credentials for it.
func (d *directory) dial(ctx context.Context, c *v1alpha1.Cluster, secrets map[client.ObjectKey]corev1.Secret, fingerprint string) *peer {
	if _, disabled := c.Annotations[v1alpha1.ClusterDisabledAnnotation]; disabled {
		return nil
	}
	kubeconfig, err := Kubeconfig(&c.Spec, d.options.Network, secrets[authKey(c)].Data[v1alpha1.KubeconfigKey])
	if err != nil {
		return nil // the status says why
	}
	config, err := restConfig(kubeconfig)
	if err != nil {
		return nil
	}
	config.QPS, config.Burst = peerQPS, peerBurst
	config.UserAgent = "smm-cluster-registry"
	p := &peer{
		name: c.Name, clusterID: c.Spec.ClusterID, fingerprint: fingerprint, valid: tokenValidity(tokenOf(kubeconfig)),
		onState: d.changed, onFeatures: d.syncer.lookAtEverything, onObject: d.syncer.peerObject, onKind: d.syncer.kindKnown,
	}
	if err := p.start(context.WithoutCancel(ctx), config); err != nil {
		return nil
	}
	d.log.Info("reading from a peer", "cluster", c.Name)
	return p
}

// stop ends the reading from all peers.
func (d *directory) stop() {
	for _, p := range d.peers {
		p.stop()
	}
}

func (d *directory) loadRules(ctx context.Context) error {
	var list v1alpha1.ResourceSyncRuleList
	if err := d.client.List(ctx, &list); err != nil {
		return fmt.Errorf("list ResourceSyncRules: %w", err)
	}
	d.syncer.setRulesIfChanged(list.Items)
	return nil
}

// describe writes the status of all Clusters.
func (d *directory) describe(ctx context.Context, clusters []v1alpha1.Cluster, secrets map[client.ObjectKey]corev1.Secret, credentialErr error) error {
	var errs []error
	statuses := make([]v1alpha1.ClusterStatus, len(clusters))
	var notReady []string
	var pairings []v1alpha1.ClusterPairing
	for i := range clusters {
		if clusters[i].Spec.ClusterID == d.local.id {
			continue
		}
		statuses[i] = peerStatus(clusters[i].Status, d.peerFacts(&clusters[i], secrets), d.now())
		pairings = addPairing(pairings, &clusters[i], statuses[i])
		if !isSynced(statuses[i]) {
			notReady = append(notReady, "cluster "+clusters[i].Name)
		}
	}
	for i := range clusters {
		c := &clusters[i]
		if c.Spec.ClusterID == d.local.id {
			facts := localFacts{rivals: rivals(clusters, c), notReady: notReady, problems: d.syncer.allProblems(), pairings: pairings, failure: credentialErr}
			metadata, err := d.local.metadata(ctx, d.client)
			facts.metadata = metadata
			if facts.failure == nil {
				facts.failure = err
			}
			statuses[i] = localStatus(c.Status, facts, d.now())
		}
		errs = append(errs, d.save(ctx, c, statuses[i]))
	}
	return errors.Join(errs...)
}

func isSynced(status v1alpha1.ClusterStatus) bool {
	return slices.ContainsFunc(status.Conditions, func(c v1alpha1.ClusterCondition) bool {
		return c.Type == v1alpha1.ClusterConditionSynced && c.Status == corev1.ConditionTrue
	})
}

func rivals(clusters []v1alpha1.Cluster, of *v1alpha1.Cluster) []string {
	var names []string
	for i := range clusters {
		if clusters[i].Name != of.Name && clusters[i].Spec.ClusterID == of.Spec.ClusterID {
			names = append(names, clusters[i].Name)
		}
	}
	return names
}

func (d *directory) peerFacts(c *v1alpha1.Cluster, secrets map[client.ObjectKey]corev1.Secret) peerFacts {
	facts := peerFacts{}
	if d.options.Pairs != nil {
		facts.observed = d.options.Pairs.Conditions(c.Spec.ClusterID)
	}
	_, facts.disabled = c.Annotations[v1alpha1.ClusterDisabledAnnotation]
	secret, found := secrets[authKey(c)]
	if !found {
		facts.missingAuth = fmt.Sprintf("there is no Secret %s of type %s", authKey(c), v1alpha1.SecretTypeClusterRegistry)
		return facts
	}
	p := d.peers[c.Spec.ClusterID]
	if p == nil || p.name != c.Name {
		if _, facts.failure = Kubeconfig(&c.Spec, d.options.Network, secret.Data[v1alpha1.KubeconfigKey]); facts.failure == nil {
			facts.failure = fmt.Errorf("another Cluster with the ID %s is used", c.Spec.ClusterID)
		} else {
			facts.failure = badKubeconfigError{facts.failure}
		}
		return facts
	}
	facts.unknown, facts.failure = p.health()
	facts.valid, facts.self = p.valid, p.self()
	return facts
}

// badKubeconfigError is an error of the credentials themselves.
type badKubeconfigError struct{ error }

func isBadKubeconfig(err error) bool {
	var bad badKubeconfigError
	return errors.As(err, &bad)
}

func (d *directory) save(ctx context.Context, c *v1alpha1.Cluster, status v1alpha1.ClusterStatus) error {
	if equality.Semantic.DeepEqual(c.Status, status) {
		return nil
	}
	next := c.DeepCopy()
	next.Status = status
	if err := d.client.Status().Patch(ctx, next, client.MergeFrom(c), client.FieldOwner(fieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("save status of Cluster %s: %w", c.Name, err)
	}
	return nil
}

// describeRules writes the status of all rules.
func (d *directory) describeRules(ctx context.Context) error {
	var list v1alpha1.ResourceSyncRuleList
	if err := d.client.List(ctx, &list); err != nil {
		return fmt.Errorf("list ResourceSyncRules: %w", err)
	}
	var errs []error
	for i := range list.Items {
		rule := &list.Items[i]
		condition := metav1.Condition{
			Type: v1alpha1.ConditionSynced, ObservedGeneration: rule.Generation,
			Status: metav1.ConditionTrue, Reason: "Synced", Message: "all copies are as they should be",
		}
		if problems := d.syncer.problemsOf(rule.Name); len(problems) > 0 {
			condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, "NotSynced", shorten(problems)
		}
		next := rule.DeepCopy()
		if !meta.SetStatusCondition(&next.Status.Conditions, condition) {
			continue
		}
		if err := d.client.Status().Patch(ctx, next, client.MergeFrom(rule), client.FieldOwner(fieldManager)); client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("save status of ResourceSyncRule %s: %w", rule.Name, err))
		}
	}
	return errors.Join(errs...)
}
