package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/signin"
)

// fixed are keys that do not change.
type fixed byte

func (f fixed) Keys(context.Context) (signin.Keys, error) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(f)
	}
	return signin.Keys{Signing: key, Encryption: key}, nil
}

// clock is a time that tests set.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }
func (c *clock) tokens(mesh string, key byte) *signin.Tokens {
	return signin.NewTokens(fixed(key), mesh, c.now)
}

var jane = signin.User{
	Name: "jane", UID: "u1", Groups: []string{"dev", "system:authenticated"}, Extra: map[string][]string{"scopes": {"a"}},
}

func TestAnIDTokenStandsForItsUserUntilItExpires(t *testing.T) {
	clock := newClock()
	tokens := clock.tokens("mesh1", 1)
	issued, err := tokens.IssueID(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(signin.IDTokenLifetime - time.Second)
	user, expires, err := tokens.CheckID(t.Context(), issued.Token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jane, user); diff != "" {
		t.Error(diff)
	}
	if !expires.Equal(issued.Expires) {
		t.Errorf("expires %s, want %s", expires, issued.Expires)
	}
	clock.advance(2 * time.Second)
	if _, _, err := tokens.CheckID(t.Context(), issued.Token); !errors.Is(err, signin.ErrToken) {
		t.Errorf("an expired token: error %v", err)
	}
}

func TestAnIDTokenThatIsNotFromHereIsRefused(t *testing.T) {
	clock := newClock()
	tokens := clock.tokens("mesh1", 1)
	issue := func(tokens *signin.Tokens) string {
		issued, err := tokens.IssueID(t.Context(), jane)
		if err != nil {
			t.Fatal(err)
		}
		return issued.Token
	}
	good := issue(tokens)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{
		"iss": "smm", "sub": "root", "aud": "mesh1", "exp": clock.now().Add(time.Hour).Unix(),
	}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Hour)
	future := issue(tokens)
	clock.advance(-time.Hour)
	for name, token := range map[string]string{
		"nothing":            "",
		"no token":           "abc.def",
		"altered":            good[:len(good)-3] + "AAA",
		"of another mesh":    issue(clock.tokens("mesh2", 1)),
		"with another key":   issue(clock.tokens("mesh1", 2)),
		"not signed":         unsigned,
		"from a later clock": future,
	} {
		if user, _, err := tokens.CheckID(t.Context(), token); !errors.Is(err, signin.ErrToken) {
			t.Errorf("%s: user %v, error %v", name, user, err)
		}
	}
}

func TestALoginTokenIsValidOnceAndForSeconds(t *testing.T) {
	clock := newClock()
	tokens := clock.tokens("mesh1", 1)
	issue := func() string {
		token, err := tokens.IssueLogin(t.Context(), jane)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	token := issue()
	user, err := tokens.RedeemLogin(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(jane, user); diff != "" {
		t.Error(diff)
	}
	late := issue()
	other, err := clock.tokens("mesh2", 1).IssueLogin(t.Context(), jane)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]string{"used before": token, "of another mesh": other, "altered": "A" + issue()[1:], "nothing": "", "no token": "%%%"}
	for name, token := range refused {
		if user, err := tokens.RedeemLogin(t.Context(), token); !errors.Is(err, signin.ErrToken) {
			t.Errorf("%s: user %v, error %v", name, user, err)
		}
	}
	clock.advance(signin.LoginTokenLifetime)
	if _, err := tokens.RedeemLogin(t.Context(), late); !errors.Is(err, signin.ErrToken) {
		t.Errorf("an expired token: error %v", err)
	}
}

func FuzzNoTokenIsAcceptedThatWasNotIssued(f *testing.F) {
	clock := newClock()
	tokens := clock.tokens("mesh1", 1)
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.")
	f.Fuzz(func(t *testing.T, token string) {
		if _, _, err := tokens.CheckID(t.Context(), token); !errors.Is(err, signin.ErrToken) {
			t.Errorf("ID token %q: %v", token, err)
		}
		if _, err := tokens.RedeemLogin(t.Context(), token); !errors.Is(err, signin.ErrToken) {
			t.Errorf("login token %q: %v", token, err)
		}
	})
}

func TestTheBrakeSlowsRepeatedFailures(t *testing.T) {
	clock := newClock()
	brake := signin.NewBrake(clock.now)
	for range 2 {
		brake.Failed("a")
	}
	if wait := brake.Wait("a"); wait != 0 {
		t.Errorf("two failures: wait %s, want none", wait)
	}
	var waits []time.Duration
	for range 4 {
		brake.Failed("a")
		waits = append(waits, brake.Wait("a"))
	}
	if diff := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, waits); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		brake.Failed("a")
	}
	if wait := brake.Wait("a"); wait != 5*time.Minute {
		t.Errorf("many failures: wait %s", wait)
	}
	if wait := brake.Wait("b"); wait != 0 {
		t.Errorf("another source waits %s", wait)
	}
	brake.Succeeded("a")
	if wait := brake.Wait("a"); wait != 0 {
		t.Errorf("after success: wait %s", wait)
	}
}
