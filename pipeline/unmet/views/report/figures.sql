-- What the corpus report counts, over the tables of a store of results: each letter, request and reason once, however often a
-- run met the same bytes; what is no determination is left out. The commonest 25 guidelines and specialties have their own group.

CREATE TEMP TABLE report_letters AS
SELECT row_number() OVER (ORDER BY letter_id) - 1 AS letter, letter_id, path, case_number, decision_date,
       list_distinct(list_filter(list_transform(specialties, lambda name: trim(regexp_replace(name, '\s+', ' ', 'g'))),
                                 lambda name: name <> '')) AS specialties,
       warning_codes
FROM (SELECT * FROM letters WHERE is_determination QUALIFY row_number() OVER (PARTITION BY letter_id ORDER BY path) = 1);

-- own: the denial stands for a reason of its own.
CREATE TEMP TABLE report_requests AS
SELECT row_number() OVER (ORDER BY letter, request_index) - 1 AS request, letter, letter_id, request_index, item, family, decision,
       inherited, decision = 'upheld' AND NOT inherited AS own, list_distinct(guidelines) AS guidelines
FROM requests JOIN report_letters USING (letter_id)
QUALIFY row_number() OVER (PARTITION BY letter_id, request_index) = 1;

CREATE TEMP TABLE report_criteria AS
SELECT DISTINCT request, letter, criterion_id, type, status, unmet_basis, decisive, confidence, source
FROM criteria JOIN report_requests USING (letter_id, request_index);

-- A reason: a type and basis that is unmet and decisive for a denial that stands for a reason of its own.
CREATE TEMP TABLE report_reasons AS
SELECT DISTINCT request, letter, family, type, unmet_basis AS basis
FROM report_criteria JOIN report_requests USING (request, letter)
WHERE own AND decisive AND status = 'unmet' AND unmet_basis <> 'inherited';

CREATE TEMP TABLE report_guidelines AS
WITH cited AS (SELECT request, letter, own, decision, unnest(guidelines) AS name FROM report_requests),
ranked AS (SELECT name, row_number() OVER (ORDER BY count(*) DESC, name) AS place FROM cited GROUP BY name)
SELECT DISTINCT request, letter, own, decision, CASE WHEN place <= 25 THEN name ELSE 'other guidelines' END AS grp
FROM cited JOIN ranked USING (name)
UNION ALL
SELECT request, letter, own, decision, 'none cited' FROM report_requests WHERE len(guidelines) = 0;

-- Spellings that differ in case only are one specialty, under the commonest of them.
CREATE TEMP TABLE report_specialties AS
WITH named AS (SELECT letter, unnest(specialties) AS name FROM report_letters),
spelled AS (
  SELECT lower(name) AS folded, name, row_number() OVER (PARTITION BY lower(name) ORDER BY count(*) DESC, name) AS spelling
  FROM named GROUP BY name
),
ranked AS (
  SELECT lower(name) AS folded, row_number() OVER (ORDER BY count(DISTINCT letter) DESC, lower(name)) AS place
  FROM named GROUP BY lower(name)
),
groups AS (
  SELECT folded, CASE WHEN place <= 25 THEN name ELSE 'other specialties' END AS grp
  FROM ranked JOIN spelled USING (folded) WHERE spelling = 1
)
SELECT DISTINCT letter, grp FROM named JOIN groups ON groups.folded = lower(named.name)
UNION ALL
SELECT letter, 'not stated' FROM report_letters WHERE len(specialties) = 0;

CREATE TEMP TABLE report_months AS
SELECT letter, coalesce(strftime(decision_date, '%Y-%m'), 'no date') AS month, coalesce(strftime(decision_date, '%Y'), 'no date') AS year
FROM report_letters;

-- Nothing but missing documents sank it: a better report could cure all of it.
CREATE TEMP TABLE report_curable AS
SELECT request, letter FROM report_reasons GROUP BY request, letter HAVING bool_and(basis = 'undocumented');
