"""Docs/Format/Commits.md, "Discovery": the commits of a phrase's drives, and which of them is the head."""

from .encoding import Missing, Refused
from .snapshot import Snapshot


def candidates(store):
    """The commits that count, of those that no newer one knows, by drive."""
    volumes = sorted((v for v in store.volumes.values() if v.name.kind == 1), key=lambda v: -v.name.counter)
    found, waiting, known, doomed, put_off = {}, [], set(), set(), set()
    while volumes:
        volume = volumes.pop(0)
        try:
            waiting += filter(None, [candidate(store, volume)] if volume.fid not in known else [])
        except Missing:
            if volume.fid in put_off:
                raise
            # Its set may have nodes in a volume that was folded: commits that are still to be read may tell.
            put_off.add(volume.fid)
            volumes.append(volume)
        # One counts once everything that it refers to is there, or was given up by another one that counts.
        while counting := [s for s in waiting if {v.fid for v in s.live.values()} <= store.volumes.keys() | doomed]:
            for snapshot in counting:
                waiting.remove(snapshot)
                store.tips.append(snapshot)
                found.setdefault(snapshot.commit.drive, []).append(snapshot)
                doomed |= {fid for fid, _ in snapshot.commit.doomed.values()}
                known |= {volume.fid for volume in snapshot.live.values()} | doomed
    return found


def candidate(store, volume):
    """The commit of a volume of kind 1, or None if it has none of ours. What should have one and cannot be read is an
    error, which names the volume: an older commit is not passed off as the head."""
    try:
        prelude = store.prelude(volume, len(volume.segments) - 1)
        if prelude is None or prelude.commit is None:
            return None
        blob_id, place = prelude.commit
        commit = store.commit(prelude.drive, prelude.volume, volume, place, blob_id)
        if commit is None:
            return None
        snapshot = Snapshot(store, commit, volume)
        snapshot.live  # is read now, so that what is damaged shows here
        return snapshot
    except (Refused, Missing) as error:
        raise type(error)(f"volume {volume.fid.hex()} should have a commit, but: {error}") from None


def tips(candidates):
    """The head, then the other tips."""
    known = set()
    for s in candidates:
        known |= {parent for parent, _ in s.commit.parents} | set(s.commit.doomed) | (set(s.live) - {s.commit.volume})
    found = [s for s in candidates if s.commit.volume not in known]
    return sorted(found, key=lambda s: (s.volume.completion, s.volume.fid))


def history(tips):
    """All commits that can be had, newest first."""
    seen, waiting = set(), list(tips)
    while waiting:
        waiting.sort(key=lambda s: s.commit.sequence)
        snapshot = waiting.pop()
        if snapshot.commit.id not in seen:
            seen.add(snapshot.commit.id)
            yield snapshot
            waiting += filter(None, (snapshot.parent(*parent) for parent in snapshot.commit.parents))
