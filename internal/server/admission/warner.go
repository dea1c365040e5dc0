package admission

import (
	"context"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/meshmanager/smm/internal/access"
	"github.com/meshmanager/smm/internal/server/findings"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/decode"
)

const (
	// maxWarnings bounds the warnings of one request: the API server passes on 4 KB.
	maxWarnings = 10
	// maxLength is the length in bytes that the API server passes on of one warning.
	maxLength = 256
)

// Board has the findings of the clusters.
type Board interface {
	// Try returns the findings that an object would bring; false when the clusters were not read yet, or time is up.
	Try(ctx context.Context, o *validation.Object) ([]validation.Finding, bool)
	// Has tells whether an object is known.
	Has(id validation.ID) bool
}

// Reviewer tells what a user may do.
type Reviewer interface {
	Allowed(ctx context.Context, user signin.User, action access.Action) (bool, error)
}

// Warner says what the checks find about objects that are not stored yet.
type Warner struct {
	cluster string
	board   Board
	access  Reviewer
	decoder *decode.Decoder
}

// NewWarner returns a Warner for a cluster.
func NewWarner(cluster string, board Board, reviewer Reviewer) *Warner {
	return &Warner{cluster: cluster, board: board, access: reviewer, decoder: decode.NewDecoder()}
}

// warnings are the findings that a request would bring and that its user may see. known is false when they could not be
// found out.
func (w *Warner) warnings(ctx context.Context, request *admissionv1.AdmissionRequest) (warnings []string, known bool) {
	document, err := w.decoder.Document(w.cluster, request.Namespace, request.Object.Raw)
	if err != nil || len(document.Objects) != 1 {
		return nil, false // the API server tells what is wrong with it, or gives it a name
	}
	o := document.Objects[0]
	if o.Created.IsZero() {
		o.Created = time.Now() // it is younger than all that there is
	}
	found, known := w.board.Try(ctx, o)
	for _, f := range found {
		if f.Severity == validation.Info || !w.may(ctx, request, o.ID, f) {
			continue
		}
		if len(warnings) == maxWarnings {
			return append(warnings, "smm: there is more: see smm analyze"), known
		}
		warnings = append(warnings, w.text(ctx, request, o.ID, f))
	}
	return warnings, known
}

// may tells whether the user may see the object that a finding is about. What they send themselves they may.
func (w *Warner) may(ctx context.Context, request *admissionv1.AdmissionRequest, own validation.ID, f validation.Finding) bool {
	return f.Subject == own || w.allowed(ctx, request, f.Subject.Kind, f.Subject.Namespace)
}

// allowed tells whether the user may list a kind in a namespace. What cannot be found out is not allowed.
func (w *Warner) allowed(ctx context.Context, request *admissionv1.AdmissionRequest, kind validation.Kind, namespace string) bool {
	action := findings.ToList(kind)
	action.Namespace = namespace
	allowed, err := w.access.Allowed(ctx, signin.UserOf(request.UserInfo), action)
	return err == nil && allowed
}

// text is one warning: what is wrong, where, and the check that says so.
func (w *Warner) text(ctx context.Context, request *admissionv1.AdmissionRequest, own validation.ID, f validation.Finding) string {
	text := "smm " + string(f.Severity) + ": " + w.discreet(ctx, request, own, f)
	if f.Subject != own {
		text += " in " + f.Subject.Kind.Short() + " " + f.Subject.Qualified()
	}
	if f.Field != "" {
		text += " at spec." + f.Field
	}
	return shortened(text, " ("+f.Check+")")
}

// discreet is the message of a finding, unless it names another namespace in which the user may not see the like.
func (w *Warner) discreet(ctx context.Context, request *admissionv1.AdmissionRequest, own validation.ID, f validation.Finding) string {
	for _, word := range strings.FieldsFunc(f.Message, notInNames) {
		namespace := validation.ID{Cluster: own.Cluster, Kind: validation.Namespace, Name: word}
		if word != own.Namespace && w.board.Has(namespace) && !w.allowed(ctx, request, f.Subject.Kind, word) {
			return "this is about a namespace that you may not see"
		}
	}
	return f.Message
}

// notInNames tells whether a character is in no name of a namespace.
func notInNames(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }

// shortened cuts a text so that it is passed on with its end.
func shortened(text, end string) string {
	if limit := max(0, maxLength-len(end)); len(text) > limit {
		const ellipsis = "…"
		text = strings.ToValidUTF8(text[:max(0, limit-len(ellipsis))], "") + ellipsis
	}
	return text + end
}
