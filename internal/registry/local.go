package registry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/clusterregistry/v1alpha1"
)

const (
	// ReaderServiceAccount is what peers read a cluster as.
	ReaderServiceAccount = "cluster-registry-reader"

	// credentialLife is how long a credential is asked to be valid. The API server may shorten it.
	credentialLife = 7 * 24 * time.Hour

	// versionRecheck is how long the version of the API server is taken for the same.
	versionRecheck = 10 * time.Minute
)

// localCluster is the cluster that the controller is in.
type localCluster struct {
	id     string
	api    *cluster
	config *rest.Config

	version     string
	versionRead time.Time
}

// metadata is what the cluster tells of itself.
func (l *localCluster) metadata(ctx context.Context, c client.Reader) (v1alpha1.ClusterMetadata, error) {
	if time.Since(l.versionRead) > versionRecheck {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		var version struct {
			GitVersion string `json:"gitVersion"`
		}
		raw, err := l.api.discovery.RESTClient().Get().AbsPath("/version").Do(ctx).Raw()
		if err != nil {
			return v1alpha1.ClusterMetadata{}, fmt.Errorf("read the Kubernetes version: %w", err)
		}
		if err := json.Unmarshal(raw, &version); err != nil {
			return v1alpha1.ClusterMetadata{}, fmt.Errorf("read the Kubernetes version: %w", err)
		}
		l.version, l.versionRead = version.GitVersion, time.Now()
	}
	var nodes corev1.NodeList
	if err := c.List(ctx, &nodes); err != nil {
		return v1alpha1.ClusterMetadata{}, fmt.Errorf("list nodes: %w", err)
	}
	return Metadata(l.version, nodes.Items), nil
}

// keepCredential keeps the Secret by which peers read from this cluster, and tells after what time to renew it.
func (d *directory) keepCredential(ctx context.Context, clusters []v1alpha1.Cluster) (renew time.Duration, err error) {
	for i := range clusters {
		own := &clusters[i]
		if own.Spec.ClusterID == d.local.id && authKey(own).Name != "" && authKey(own).Namespace != "" {
			return d.renewCredential(ctx, own)
		}
	}
	return 0, nil
}

func (d *directory) renewCredential(ctx context.Context, own *v1alpha1.Cluster) (time.Duration, error) {
	server, authority, err := d.serverFor(ctx, own)
	if err != nil {
		return 0, err
	}
	secret := &corev1.Secret{}
	err = d.client.Get(ctx, authKey(own), secret)
	if client.IgnoreNotFound(err) != nil {
		return 0, fmt.Errorf("read Secret %s: %w", authKey(own), err)
	}
	missing := apierrors.IsNotFound(err)
	if current, err := clientcmd.Load(secret.Data[v1alpha1.KubeconfigKey]); !missing && err == nil {
		token := tokenOf(current)
		due := tokenValidity(token).renewAt()
		if leadsTo(current, server, authority) && token != "" && d.now().Before(due) {
			return due.Sub(d.now()), nil
		}
	}
	token, err := d.requestToken(ctx)
	if err != nil {
		return 0, err
	}
	encoded, err := newKubeconfig(own.Name, server, authority, ReaderServiceAccount, token)
	if err != nil {
		return 0, err
	}
	next := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: authKey(own).Namespace, Name: authKey(own).Name}, Type: v1alpha1.SecretTypeClusterRegistry}
	if !missing {
		next = secret.DeepCopy()
	}
	next.Data = map[string][]byte{v1alpha1.KubeconfigKey: encoded}
	if missing {
		err = d.client.Create(ctx, next, client.FieldOwner(fieldManager))
	} else {
		err = d.client.Update(ctx, next, client.FieldOwner(fieldManager))
	}
	if err != nil {
		return 0, fmt.Errorf("write Secret %s: %w", authKey(own), err)
	}
	d.log.Info("made a new credential for peers", "secret", authKey(own).String())
	return tokenValidity(token).renewAt().Sub(d.now()), nil
}

func (d *directory) requestToken(ctx context.Context) (string, error) {
	seconds := int64(credentialLife.Seconds())
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: d.options.Namespace, Name: ReaderServiceAccount}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := d.client.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("request a token of ServiceAccount %s/%s: %w", d.options.Namespace, ReaderServiceAccount, err)
	}
	return request.Status.Token, nil
}

// serverFor is where peers reach this cluster's API server, and the authorities that its certificate may be signed by:
// what the Cluster says for any network, else what the operator's settings say, else what the server says of itself.
func (d *directory) serverFor(ctx context.Context, own *v1alpha1.Cluster) (server string, authority []byte, err error) {
	endpoint := EndpointFor(&own.Spec, "")
	authority = endpoint.CABundle
	if len(authority) == 0 {
		if authority, err = d.local.authority(); err != nil {
			return "", nil, err
		}
	}
	address := cmp.Or(endpoint.ServerAddress, d.options.APIServerAddress)
	if address == "" {
		if address, err = d.local.advertised(ctx); err != nil {
			return "", nil, err
		}
	}
	server, err = ServerURL(address)
	return server, authority, err
}

func (l *localCluster) authority() ([]byte, error) {
	if len(l.config.CAData) > 0 || l.config.CAFile == "" {
		return l.config.CAData, nil
	}
	authority, err := os.ReadFile(l.config.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read the API server's authority: %w", err)
	}
	return authority, nil
}

// advertised is the address that the API server gives to clients from anywhere.
func (l *localCluster) advertised(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var versions metav1.APIVersions
	if err := l.api.discovery.RESTClient().Get().AbsPath("/api").Do(ctx).Into(&versions); err != nil {
		return "", fmt.Errorf("read the API server's address: %w", err)
	}
	for _, address := range versions.ServerAddressByClientCIDRs {
		if address.ClientCIDR == "0.0.0.0/0" {
			return address.ServerAddress, nil
		}
	}
	return l.config.Host, nil
}

// leadsTo tells whether a kubeconfig is for the server.
func leadsTo(kubeconfig *clientcmdapi.Config, server string, authority []byte) bool {
	for _, known := range kubeconfig.Clusters {
		return known.Server == server && bytes.Equal(known.CertificateAuthorityData, authority)
	}
	return false
}
