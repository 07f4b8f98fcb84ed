package rendezvous

import "math/rand/v2"

// member is a connection's presence in one room, under the peer id it claims
// there. Peer ids are claims: several members may have the same one (a peer
// that reconnects before its dead connection is noticed, or an impostor), and
// none of them gets what is meant for another; see connection.offered.
type member struct {
	connection *connection
	room       *room
	peerID     id
	complete   bool
	index      int // in room.members; -1 once it has left
}

// room is the members of one info-hash. It lives as long as it has any.
type room struct {
	infoHash id
	members  []*member
	byPeerID map[id][]*member
	complete int
}

func newRoom(infoHash id) *room {
	return &room{infoHash: infoHash, byPeerID: map[id][]*member{}}
}

func (r *room) add(m *member) {
	m.room, m.index = r, len(r.members)
	r.members = append(r.members, m)
	r.byPeerID[m.peerID] = append(r.byPeerID[m.peerID], m)
	if m.complete {
		r.complete++
	}
}

func (r *room) remove(m *member) {
	last := len(r.members) - 1
	r.swap(m.index, last)
	r.members[last] = nil
	r.members = r.members[:last]
	m.index = -1
	r.forgetPeerID(m)
	if m.complete {
		r.complete--
	}
}

// rename gives m another peer id.
func (r *room) rename(m *member, peerID id) {
	r.forgetPeerID(m)
	m.peerID = peerID
	r.byPeerID[peerID] = append(r.byPeerID[peerID], m)
}

func (r *room) forgetPeerID(m *member) {
	same := r.byPeerID[m.peerID]
	for at, other := range same {
		if other == m {
			same[at] = same[len(same)-1]
			same = same[:len(same)-1]
			break
		}
	}
	if len(same) == 0 {
		delete(r.byPeerID, m.peerID)
		return
	}
	r.byPeerID[m.peerID] = same
}

func (r *room) finish(m *member) {
	if !m.complete {
		m.complete = true
		r.complete++
	}
}

func (r *room) swap(a, b int) {
	r.members[a], r.members[b] = r.members[b], r.members[a]
	r.members[a].index, r.members[b].index = a, b
}

// pick returns up to count other members, chosen at random, without m itself
// and whoever has m's peer id. It shuffles the front of the members in place,
// so it costs as much as it returns, whatever the size of the room.
func (r *room) pick(m *member, count int) []*member {
	var picked []*member
	for at := 0; at < len(r.members) && len(picked) < count; at++ {
		r.swap(at, at+rand.IntN(len(r.members)-at))
		if other := r.members[at]; other.peerID != m.peerID {
			picked = append(picked, other)
		}
	}
	return picked
}

func (r *room) count() roomCount {
	return roomCount{Complete: r.complete, Incomplete: len(r.members) - r.complete, Downloaded: r.complete}
}
