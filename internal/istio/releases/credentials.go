package releases

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/internal/istio/chartsource"
)

const (
	tokenKey = "token"
	caKey    = "ca.crt"
)

// readCredentials reads what a source at a URL asks for from a Secret.
func readCredentials(ctx context.Context, secrets client.Reader, key client.ObjectKey, location string) (chartsource.Credentials, error) {
	if secrets == nil {
		return chartsource.Credentials{}, fmt.Errorf("there is no cluster to read Secret %s from", key)
	}
	var secret corev1.Secret
	err := secrets.Get(ctx, key, &secret)
	if apierrors.IsNotFound(err) {
		return chartsource.Credentials{}, fmt.Errorf("its Secret %s does not exist", key)
	}
	if err != nil {
		return chartsource.Credentials{}, fmt.Errorf("its Secret %s cannot be read: %w", key, err)
	}
	credentials, err := credentialsOf(secret.Data, location)
	if err != nil {
		return chartsource.Credentials{}, fmt.Errorf("its Secret %s %w", key, err)
	}
	return credentials, nil
}

// credentialsOf finds the credentials in a Secret's data. The error repeats nothing of the data.
func credentialsOf(data map[string][]byte, location string) (chartsource.Credentials, error) {
	credentials := chartsource.Credentials{
		Username: string(data[corev1.BasicAuthUsernameKey]),
		Password: string(data[corev1.BasicAuthPasswordKey]),
		Token:    strings.TrimSpace(string(data[tokenKey])),
		CA:       data[caKey],
	}
	if text, ok := data[corev1.DockerConfigJsonKey]; ok {
		if err := fromDockerConfig(text, location, &credentials); err != nil {
			return chartsource.Credentials{}, err
		}
	}
	if credentials.Username == "" && credentials.Token == "" && len(credentials.CA) == 0 {
		return chartsource.Credentials{}, errors.New("holds neither username and password, nor token, ca.crt or .dockerconfigjson")
	}
	return credentials, nil
}

// fromDockerConfig takes the credentials of the source's host from the form that image pull secrets
// have.
func fromDockerConfig(text []byte, location string, credentials *chartsource.Credentials) error {
	var config struct {
		Auths map[string]struct {
			Username string `json:"username"`
			Password string `json:"password"`
			Auth     string `json:"auth"`
		} `json:"auths"`
	}
	source, err := url.Parse(location)
	if err != nil || json.Unmarshal(text, &config) != nil {
		return errors.New("holds a .dockerconfigjson that cannot be read")
	}
	for server, login := range config.Auths {
		host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(server, "https://"), "http://"), "/")
		if host != source.Host {
			continue
		}
		credentials.Username, credentials.Password = login.Username, login.Password
		if decoded, err := base64.StdEncoding.DecodeString(login.Auth); err == nil && login.Auth != "" {
			credentials.Username, credentials.Password, _ = strings.Cut(string(decoded), ":")
		}
		return nil
	}
	return fmt.Errorf("holds a .dockerconfigjson without an entry for %s", source.Host)
}
