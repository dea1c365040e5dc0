package topology

// class is what became of a request.
type class int

const (
	answered class = iota
	clientError
	serverError
	unanswered
)

// classOf judges by the gRPC status where there is one: a failed call has the HTTP status 200.
func (s *Sample) classOf() class {
	if s.GRPCStatus != "" && s.GRPCStatus != unknown && s.Code == "200" {
		switch s.GRPCStatus {
		case "0":
			return answered
		case "1", "3", "5", "6", "7", "9", "10", "11", "16": // the caller's doing
			return clientError
		default:
			return serverError
		}
	}
	if s.Code == "" {
		return answered
	}
	switch s.Code[0] {
	case '0':
		return unanswered
	case '4':
		return clientError
	case '5':
		return serverError
	default:
		return answered
	}
}
