package engine

import (
	"fmt"

	"github.com/causeway-app/causeway/engine/netcheck"
)

// ProblemCode names a failure. assets/translations has a sentence for each
// under "problem.<code>", which says what happened and what to do.
type ProblemCode string

// The problems.
const (
	// The text is not an invitation, was cut off, has a typing mistake, or was
	// made by a newer Causeway.
	NotAnInvitation      ProblemCode = "invitation-none"
	InvitationTruncated  ProblemCode = "invitation-truncated"
	InvitationMistyped   ProblemCode = "invitation-mistyped"
	InvitationNewer      ProblemCode = "invitation-newer"
	InvitationIsOwn      ProblemCode = "invitation-own"
	InvitationInProgress ProblemCode = "invitation-in-progress"

	// NoRendezvous: no rendezvous answers. Subject lists them.
	NoRendezvous ProblemCode = "no-rendezvous"
	// NoPath: peers were found and none could be connected.
	NoPath ProblemCode = "no-path"
	// NoRelay: the policy wants a relay and there is no usable TURN server.
	NoRelay ProblemCode = "no-relay"
	// PolicyBlocked: a path exists and the policy forbids it. Subject is the policy.
	PolicyBlocked ProblemCode = "policy-blocked"

	// RelayLimitReached: relayed bytes wait at a limit of the settings, and there
	// is no direct path. No transfer fails of it; see RelayQuestion. Subject is
	// the limit.
	RelayLimitReached ProblemCode = "relay-limit"

	// NoSuchFile: what is to be shared does not exist. Subject is the path.
	NoSuchFile ProblemCode = "no-such-file"
	// SourceMissing, SourceChanged, SourceUnreadable: Subject is the file.
	SourceMissing    ProblemCode = "source-missing"
	SourceChanged    ProblemCode = "source-changed"
	SourceUnreadable ProblemCode = "source-unreadable"
	// ShareTooLarge: there are more files than one share can list.
	ShareTooLarge ProblemCode = "share-too-large"
	// NothingToShare: no path was given.
	NothingToShare ProblemCode = "nothing-to-share"

	// DiskFull, CannotWrite: Subject is the folder.
	DiskFull ProblemCode = "disk-full"
	// NotEnoughRoom: what is to be fetched does not fit; see Needed and Free.
	// Subject is the folder.
	NotEnoughRoom ProblemCode = "not-enough-room"
	CannotWrite   ProblemCode = "cannot-write"
	// DownloadMissing, DownloadChanged: what has arrived was moved, deleted or
	// edited. Subject is the file or folder.
	DownloadMissing ProblemCode = "download-missing"
	DownloadChanged ProblemCode = "download-changed"
	// BadShare: the share cannot be stored safely. Subject says which name.
	BadShare ProblemCode = "bad-share"
	// StateInUse: another Causeway works on this transfer. Subject is the folder.
	StateInUse ProblemCode = "state-in-use"
	// BadSetting: a setting cannot be used. Subject is the setting's value.
	BadSetting ProblemCode = "bad-setting"

	// The following concern no single transfer of the State.

	// NotRestored: the record of an earlier transfer cannot be used. Subject is
	// the folder of the record.
	NotRestored ProblemCode = "not-restored"
	// TransferElsewhere: another Causeway works on a transfer that would have
	// been restored. Subject is the share's name.
	TransferElsewhere ProblemCode = "transfer-elsewhere"
	// RecordNotSaved: how a transfer stands cannot be kept. Subject is the folder.
	RecordNotSaved ProblemCode = "record-not-saved"
	// PartialLeft: the partial files of a removed download could not be deleted.
	// Subject is the file or folder.
	PartialLeft ProblemCode = "partial-left"
	// RelayCountNotSaved: what relays have carried in this month cannot be kept.
	// Subject is the folder.
	RelayCountNotSaved ProblemCode = "relay-count-not-saved"
	// CannotServe: the rendezvous and relay for others cannot run. Subject is the
	// address.
	CannotServe ProblemCode = "cannot-serve"
	// HistoryNotSaved: what was finished cannot be kept. Subject is the folder.
	HistoryNotSaved ProblemCode = "history-not-saved"
	// NoLAN: the LAN tracker cannot listen.
	NoLAN ProblemCode = "no-lan"

	// SettingsBroken: the settings file cannot be read. Subject is the file.
	SettingsBroken ProblemCode = "settings-broken"
	// SettingsWrong: the settings file holds what cannot be used. Subject is the
	// file, Err says which settings.
	SettingsWrong ProblemCode = "settings-wrong"
	// SettingsNewer: the settings file is of a newer Causeway, and what is changed
	// is not kept. Subject is the file.
	SettingsNewer ProblemCode = "settings-newer"
	// Internal: none of the above; Err has the words.
	Internal ProblemCode = "internal"
)

// Problem is a failure that is shown to the user. It is an error, so verbs
// return it too; Unwrap leads to the cause.
type Problem struct {
	Code ProblemCode
	// Subject is what it is about: a file, a server, a setting. May be empty.
	Subject string
	// Err is the cause, for the log and the expert. May be nil.
	Err error
	// Explanation is why there is no path to a peer that was met, and what would
	// give one; nil with other codes, and where nobody was met.
	Explanation *netcheck.Explanation
	// Needed and Free are in bytes, with NotEnoughRoom.
	Needed, Free int64
}

// Error returns the code, the subject and the cause, for logs. What the user
// reads comes from assets/translations.
func (p *Problem) Error() string {
	text := string(p.Code)
	if p.Subject != "" {
		text += " (" + p.Subject + ")"
	}
	if p.Err != nil {
		text = fmt.Sprintf("%s: %v", text, p.Err)
	}
	return text
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }
