package main

import (
	"fmt"
	"strings"
)

// row is one result. Tags are what -json writes.
type row struct {
	Name      string  `json:"name"`
	Unit      string  `json:"unit"`
	Ours      float64 `json:"ours"`
	Peer      string  `json:"peer"`
	PeerValue float64 `json:"peer_value"`
	Ratio     float64 `json:"ratio"` // of the medians; 0 if the row was left out
	// Target is what the ratio should not exceed, 0 if nothing was promised.
	Target  float64 `json:"target,omitempty"`
	Samples int     `json:"samples"`
	OursP10 float64 `json:"ours_p10"`
	OursP90 float64 `json:"ours_p90"`
	PeerP10 float64 `json:"peer_p10"`
	PeerP90 float64 `json:"peer_p90"`
	Series  string  `json:"series,omitempty"` // the small table that the row is part of
	Note    string  `json:"note,omitempty"`
	LeftOut string  `json:"left_out,omitempty"` // why there are no numbers
}

// limitPeer is the peer of rows that are compared with a fixed number.
const limitPeer = "limit"

func (r *row) fill(ours, peer []float64) {
	r.Samples = len(ours)
	r.Ours, r.PeerValue = median(ours), median(peer)
	if r.PeerValue > 0 {
		r.Ratio = r.Ours / r.PeerValue
	}
	r.OursP10, r.OursP90 = spread(ours)
	r.PeerP10, r.PeerP90 = spread(peer)
}

// digits are three, or those before the point.
func digits(x float64) string {
	if x >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}

// ratio is for people: small ones need more digits.
func (r row) ratio() string {
	if r.Ratio < 0.1 {
		return fmt.Sprintf("%.2g", r.Ratio)
	}
	return fmt.Sprintf("%.2f", r.Ratio)
}

// verdict compares with the target.
func (r row) verdict() string {
	if r.LeftOut != "" || r.Target == 0 {
		return ""
	}
	most := fmt.Sprintf("%.3g", r.Target)
	if r.Peer == limitPeer {
		most = fmt.Sprintf("%.4g %s", r.Target*r.PeerValue, r.Unit)
	}
	if r.Ratio <= r.Target {
		return "ok (at most " + most + ")"
	}
	return "MISS (at most " + most + ")"
}

// String is the row of the table that people see.
func (r row) String() string {
	if r.LeftOut != "" {
		return fmt.Sprintf("%-30s %s", r.Name, r.LeftOut)
	}
	s := fmt.Sprintf("%-30s %9s %-2s %9s %-34s %6s  %s",
		r.Name, digits(r.Ours), r.Unit, digits(r.PeerValue), r.Peer, r.ratio(), r.verdict())
	s = strings.TrimRight(s, " ")
	if r.Note != "" {
		s += "\n    " + r.Note
	}
	return s
}
