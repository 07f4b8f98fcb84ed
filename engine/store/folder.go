package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// partSuffix marks a folder in which a share is still arriving.
	partSuffix = ".part"
	// The names tried to find out what a file system allows.
	plainProbe   = "Probe \u00e9"
	anyProbe     = plainProbe + ` :?*<>|"`
	lowerProbe   = "probe \u00e9"
	decomposed   = "Probe e\u0301"
	maxNumbering = 10_000
)

// openFolder opens the journal and makes the partial folder, or finds both. The
// name is journaled before the folder is made, so that no crash leaves a folder
// of which nobody knows whose it is.
func (s *Sink) openFolder(head Journal) (journal *journalFile, resumed bool, err error) {
	if s.past != nil {
		chosen, _ := s.past.place(FolderChosen)
		s.folder = chosen.Name
		if journal, err = openJournal(s.config.Journal, s.past.size); err != nil {
			return nil, false, err
		}
		if _, made := s.past.place(FolderMade); made {
			return journal, true, nil
		}
	}
	if err := os.MkdirAll(s.config.Dir, 0o777); err != nil {
		return journal, false, s.abandon(journal, writeError("create", s.config.Dir, err))
	}
	if journal == nil {
		if err := os.MkdirAll(filepath.Dir(s.config.Journal), 0o700); err != nil {
			return nil, false, writeError("create", s.config.Journal, err)
		}
		s.folder = s.freeFolderName(systemRules(), 1)
		first := []Record{{Kind: FolderChosen, Name: s.folder}}
		if s.config.Chosen != nil {
			first = append(first, Record{Kind: FilesChosen, Name: choiceSum(s.config.Chosen)})
		}
		if journal, err = createJournal(s.config.Journal, head, first...); err != nil {
			return nil, false, err
		}
	}
	if err := s.makeFolder(journal); err != nil {
		err = s.abandon(journal, err)
		if s.past == nil {
			os.Remove(s.config.Journal) // nothing is there that it could tell of
		}
		return nil, false, err
	}
	return journal, false, nil
}

func (s *Sink) abandon(journal *journalFile, err error) error {
	if journal != nil {
		journal.close()
	}
	return err
}

// makeFolder makes the folder whose name the journal holds, or the next free one.
func (s *Sink) makeFolder(journal *journalFile) error {
	rules := systemRules()
	for n := 1; n < maxNumbering; n++ {
		err := os.Mkdir(s.inDir(s.folder), 0o777)
		if errors.Is(err, fs.ErrExist) && s.isUnused(s.folder) {
			err = nil // made by an earlier run that came no further
		}
		switch {
		case err == nil:
			if err := s.claimFolder(journal); err != nil {
				os.Remove(s.inDir(s.folder))
				return err
			}
			s.claimed = true
			return nil
		case errors.Is(err, fs.ErrExist):
		case !rules.windows && !isDiskFull(err) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist):
			rules.windows = true // a FAT or NTFS disk, perhaps
		default:
			return writeError("create", s.inDir(s.folder), err)
		}
		s.folder = s.freeFolderName(rules, n)
		if err := journal.append(Record{Kind: FolderChosen, Name: s.folder}); err != nil {
			return err
		}
		if err := journal.sync(); err != nil {
			return err
		}
	}
	return writeError("create", s.inDir(s.folder), fs.ErrExist)
}

// claimFolder finds the rules for names in the new folder and journals that it
// is ours.
func (s *Sink) claimFolder(journal *journalFile) error {
	path := s.inDir(s.folder)
	rules, err := probeRules(path)
	if err != nil {
		return err
	}
	s.rules = rules
	if err := syncFolder(path); err != nil {
		return writeError("sync", s.config.Dir, err)
	}
	if err := journal.append(Record{Kind: FolderMade, rules: rules}); err != nil {
		return err
	}
	return journal.sync()
}

// freeFolderName is the first name from number n on that nothing has.
func (s *Sink) freeFolderName(rules nameRules, n int) string {
	base := s.shareName(rules)
	for ; ; n++ {
		suffix := partSuffix
		if n > 1 {
			suffix = fmt.Sprintf(" (%d)%s", n, partSuffix)
		}
		name := rules.fit(base, suffix, true)
		if _, err := os.Lstat(s.inDir(name)); err != nil || n >= maxNumbering {
			return name
		}
	}
}

// isUnused reports whether a folder holds nothing, or only our own probe.
func (s *Sink) isUnused(name string) bool {
	entries, err := os.ReadDir(s.inDir(name))
	if err != nil {
		return false
	}
	for _, e := range entries {
		if e.Name() != plainProbe && e.Name() != anyProbe {
			return false
		}
	}
	return true
}

// probeRules finds out what names the file system of a folder of ours can hold.
// On Linux that depends on the disk, elsewhere the system decides.
func probeRules(folder string) (nameRules, error) {
	rules := systemRules()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return rules, nil
	}
	any, plain := filepath.Join(folder, anyProbe), filepath.Join(folder, plainProbe)
	if err := os.WriteFile(any, nil, 0o600); err != nil {
		rules.windows = true
	}
	os.Remove(any)
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		return rules, writeError("create", folder, err)
	}
	defer os.Remove(plain)
	for _, other := range []string{lowerProbe, decomposed} {
		if _, err := os.Lstat(filepath.Join(folder, other)); err == nil {
			rules.fold = true
		}
	}
	return rules, nil
}
