-- What is retracted goes out of the figures by a row more, which counts below 0 for the day that it was counted for. A
-- measurement that is taken back may leave a gap unclosed that it had closed on several days, as requirements changed, and
-- another may turn out to have closed it: so one event has a row of a kind for each day.

-- A rebuild of an older program that is under way has its tables from before, and would put them in the place of these: it is
-- done anew.
drop schema if exists etalon_rebuild cascade;

alter table figures drop constraint figures_pkey;
alter table figures add primary key (aggregate_id, position, kind, lane, counted_on);
