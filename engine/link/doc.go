// Package link connects this computer with one peer and carries messages and
// byte streams between the two. It is the only importer of pion/webrtc.
//
// A Dialer makes the descriptions that two sides exchange through a
// rendezvous; out of a pair of them comes a Link. From then on the link signals
// by itself: candidates that were found late, the type of path that each side
// sees, and the wish for an ICE restart go over its own control channel.
package link
