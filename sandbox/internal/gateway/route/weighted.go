package route

// Weighted is a cluster with its share.
type Weighted struct {
	Cluster string
	Weight  uint32
}

// Draw picks a cluster by weight, "" if there is none. Random is from 0 up to 1.
func Draw(clusters []Weighted, random float64) string {
	sum := uint32(0)
	for _, c := range clusters {
		sum += c.Weight
	}
	at := random * float64(sum)
	for _, c := range clusters {
		if at -= float64(c.Weight); at < 0 {
			return c.Cluster
		}
	}
	return ""
}
