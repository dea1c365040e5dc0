package validation

// Check is one rule. Its fields besides Run are its documentation and what the engine needs to know to run it again
// only when something that it reads has changed.
type Check struct {
	// ID is <subject>/<concern> or <subject>/<concern>/<fault>.
	ID       string
	Severity Severity
	// Message says in a few words what is wrong. It is the documented text where there is one.
	Message string
	// Cause and Mend are sentences of the reference: why this is a fault, and what to do.
	Cause, Mend string
	// Subjects are the kinds that the check runs on, object by object.
	Subjects []Kind
	// Reads are the kinds that the check looks at besides its subject: a change of one of these runs it on all subjects.
	Reads []Kind
	// Across says that the check reads objects of other clusters too.
	Across bool
	// Run reports what is wrong with one object. Other checks run beside it: it only reads objects and derived values.
	Run func(v View, o *Object, report Report)
}

// Report is how a check tells a fault.
type Report func(Fault)

// Fault is what a check found. Empty fields are taken from the check and its subject.
type Fault struct {
	Path     string // place as shown; Field when empty
	Field    string // exact place inside the specification, such as servers[0].port
	Message  string
	Context  map[string]string
	Check    string
	Severity Severity
	Subject  *Object
}

// At is a fault at a place inside the specification.
func At(field string, context map[string]string) Fault {
	return Fault{Field: field, Context: context}
}

func (c *Check) finding(o *Object, fault Fault) Finding {
	subject := o
	if fault.Subject != nil {
		subject = fault.Subject
	}
	return Finding{
		Check:    or(fault.Check, c.ID),
		Severity: or(fault.Severity, c.Severity),
		Message:  or(fault.Message, c.Message),
		Subject:  subject.ID,
		Path:     or(fault.Path, fault.Field),
		Field:    fault.Field,
		Context:  fault.Context,
		Source:   subject.Source,
	}
}

func or[T ~string](value, otherwise T) T {
	if value != "" {
		return value
	}
	return otherwise
}
