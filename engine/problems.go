package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// problemsLimit bounds the problems that concern no single transfer.
const problemsLimit = 100

// tell shows a problem that concerns no transfer of the State. One of the same
// code and subject takes the place of the earlier one.
func (o *owner) tell(p Problem) {
	o.log.Warn("a problem", "problem", &p)
	o.changed = true
	if at := slices.IndexFunc(o.problems, p.sameAs); at >= 0 {
		o.problems[at] = p
		return
	}
	if len(o.problems) == problemsLimit {
		o.problems = slices.Delete(o.problems, 0, 1)
	}
	o.problems = append(o.problems, p)
}

// settle forgets a problem that is over.
func (o *owner) settle(code ProblemCode, subject string) {
	before := len(o.problems)
	o.problems = slices.DeleteFunc(o.problems, Problem{Code: code, Subject: subject}.sameAs)
	o.changed = o.changed || len(o.problems) != before
}

func (p Problem) sameAs(other Problem) bool {
	return p.Code == other.Code && p.Subject == other.Subject
}

// partialProblem names what is left of a removed download.
func partialProblem(folder string, err error) Problem {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		folder = at.Path
	}
	return Problem{Code: PartialLeft, Subject: folder, Err: err}
}

// recordProblem names why a record cannot be made or opened.
func recordProblem(stateDir string, err error) *Problem {
	code := Internal
	_, at := errors.AsType[*fs.PathError](err)
	_, renaming := errors.AsType[*os.LinkError](err)
	switch {
	case errors.Is(err, errInUse):
		code = StateInUse
	case at, renaming:
		code = CannotWrite
	}
	return &Problem{Code: code, Subject: stateDir, Err: err}
}

// fileProblem names what is wrong with a file of a transfer by the code that
// code finds. The subject is the file, or folder where err names none.
func fileProblem(folder string, err error, code func(error) ProblemCode) *Problem {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok && filepath.IsAbs(at.Path) {
		folder = at.Path
	}
	return &Problem{Code: code(err), Subject: folder, Err: err}
}
