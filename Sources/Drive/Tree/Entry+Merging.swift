public import DriveFormat

extension Entry {
    /// This entry's content with the attributes of two sides: each is the side's that has changed it, and where both have, this
    /// one's; of two times the later one.
    ///
    /// - Parameter old: what both began with.
    public func mergingAttributes(with their: Entry, since old: Entry) -> Entry {
        var merged = self
        if mode == old.mode { merged.mode = their.mode }
        if owner == old.owner { merged.owner = their.owner }
        if group == old.group { merged.group = their.group }
        if attributes == old.attributes { merged.attributes = their.attributes }
        if modified == old.modified {
            merged.modified = their.modified
        } else if their.modified != old.modified {
            merged.modified = max(modified, their.modified)
        }
        merged.changed = max(changed, their.changed)
        return merged
    }

    /// Whether nothing is different but the time of the last change: a second name, or a new one, gives a file that.
    public func isUnchanged(since old: Entry) -> Bool {
        var old = old
        old.changed = changed
        return self == old
    }
}
