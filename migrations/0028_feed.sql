-- The version that the subject of an event had with the change, for subjects that have versions. Events that were recorded
-- before have none.
ALTER TABLE event ADD COLUMN subject_version INTEGER;
