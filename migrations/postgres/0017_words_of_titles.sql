-- How often words stand in titles is asked of the planner for every list of cases with a word in the title. Of an expression
-- it knows nothing by itself: it took every word for a rare one, read all present cases and sorted them for a page of twenty.
-- It has the name that PostgreSQL gives it in a rebuild.
create statistics case_versions_expr_stat on (lower(title)) from case_versions;
analyze case_versions;
