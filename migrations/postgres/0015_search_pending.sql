-- Terms of new texts wait in a list that every search walks and that the commit which fills it has to empty: with the
-- 4 MB that PostgreSQL gives it, that one commit takes as long as twenty others.
alter index search_texts_terms_idx set (gin_pending_list_limit = 512);
