-- Views of a store of results, over its tables letters, requests, criteria and files. docs/results.md says who asks what of each.
-- A criterion counts where its status is the decision's (decisive). A request that falls with another one (inherited) has no
-- reason of its own; it is counted apart, never among what sank a family's requests.

CREATE VIEW unmet_by_family AS
WITH family_totals AS (
  SELECT family,
         count(*) FILTER (decision = 'upheld' AND NOT inherited) AS upheld_requests,
         count(*) FILTER (inherited) AS inherited_denials
  FROM requests GROUP BY family
)
SELECT family, type AS criterion_type, unmet_basis,
       count(*) AS criteria,
       count(DISTINCT (letter_id, request_index)) AS requests,
       any_value(upheld_requests) AS upheld_requests,
       count(DISTINCT (letter_id, request_index)) / any_value(upheld_requests) AS share_of_upheld,
       any_value(inherited_denials) AS inherited_denials
FROM criteria
JOIN requests USING (letter_id, request_index)
JOIN family_totals USING (family)
WHERE status = 'unmet' AND decisive AND decision = 'upheld' AND NOT inherited
GROUP BY family, type, unmet_basis
ORDER BY family, requests DESC, criterion_type, unmet_basis;
COMMENT ON VIEW unmet_by_family IS 'What sank the requests of each treatment family: unmet decisive criteria by type and basis, with the share of the family''s upheld requests; inherited denials are counted apart.';

CREATE VIEW unmet_by_guideline AS
WITH cited AS (
  SELECT letter_id, request_index, decision, inherited, unnest(guidelines) AS guideline FROM requests
),
guideline_totals AS (
  SELECT guideline, count(*) AS citing_requests, count(*) FILTER (decision = 'upheld' AND NOT inherited) AS upheld_requests
  FROM cited GROUP BY guideline
)
SELECT cited.guideline, type AS criterion_type, unmet_basis,
       count(*) AS criteria,
       count(DISTINCT (letter_id, request_index)) AS requests,
       any_value(upheld_requests) AS upheld_requests,
       count(DISTINCT (letter_id, request_index)) / any_value(upheld_requests) AS share_of_upheld,
       any_value(citing_requests) AS citing_requests
FROM criteria
JOIN cited USING (letter_id, request_index)
JOIN guideline_totals ON guideline_totals.guideline = cited.guideline
WHERE status = 'unmet' AND decisive AND decision = 'upheld' AND NOT inherited
GROUP BY cited.guideline, type, unmet_basis
ORDER BY cited.guideline, requests DESC, criterion_type, unmet_basis;
COMMENT ON VIEW unmet_by_guideline IS 'What sank the requests that were decided under each guideline the reviewer cites; a request that cites several counts under each.';

CREATE VIEW decisions_by_family AS
SELECT family,
       count(*) AS requests,
       count(DISTINCT letter_id) AS letters,
       count(*) FILTER (decision = 'upheld') AS upheld,
       count(*) FILTER (decision = 'overturned') AS overturned,
       count(*) FILTER (inherited) AS inherited_denials,
       count(*) FILTER (decision = 'overturned') / count(*) AS overturn_rate
FROM requests
GROUP BY family
ORDER BY requests DESC, family;
COMMENT ON VIEW decisions_by_family IS 'Requests, decisions and overturn rate of each treatment family; upheld includes the inherited denials.';

CREATE VIEW decisions_by_month AS
SELECT CAST(date_trunc('month', decision_date) AS DATE) AS month,
       count(DISTINCT letter_id) AS letters,
       count(*) AS requests,
       count(*) FILTER (decision = 'upheld') AS upheld,
       count(*) FILTER (decision = 'overturned') AS overturned,
       count(*) FILTER (decision = 'overturned') / count(*) AS overturn_rate
FROM requests
JOIN letters USING (letter_id)
GROUP BY month
ORDER BY month NULLS LAST;
COMMENT ON VIEW decisions_by_month IS 'Requests, decisions and overturn rate by month of the determination; the month is null where the letter gives no date.';

CREATE VIEW cure_checklist AS
WITH family_totals AS (
  SELECT family, count(*) AS upheld_requests FROM requests WHERE decision = 'upheld' AND NOT inherited GROUP BY family
),
missing AS (
  SELECT family, type, catalogue_id, letter_id, request_index, confidence, evidence
  FROM criteria
  JOIN requests USING (letter_id, request_index)
  WHERE status = 'unmet' AND unmet_basis = 'undocumented' AND decisive AND decision = 'upheld' AND NOT inherited
),
counted AS (
  SELECT family, type, catalogue_id, count(DISTINCT (letter_id, request_index)) AS requests
  FROM missing GROUP BY family, type, catalogue_id
),
sentences AS (
  SELECT family, type, catalogue_id, letter_id, trim(regexp_replace(span.text, '\s+', ' ', 'g')) AS words, span.start AS start_offset
  FROM (SELECT family, type, catalogue_id, letter_id, unnest(evidence) AS span FROM missing)
),
samples AS (
  -- The shortest sentence that is more than a few words.
  SELECT family, type, catalogue_id,
         arg_min((words, letter_id), (length(words) < 40, length(words), letter_id, start_offset)) AS sample
  FROM sentences GROUP BY family, type, catalogue_id
)
SELECT counted.family, counted.type AS criterion_type, counted.catalogue_id,
       counted.requests AS undocumented_requests,
       upheld_requests,
       counted.requests / upheld_requests AS share_of_upheld,
       sample[1] AS sample_sentence,
       sample[2] AS sample_letter_id
FROM counted
JOIN family_totals USING (family)
LEFT JOIN samples ON samples.family = counted.family AND samples.type = counted.type
  AND samples.catalogue_id IS NOT DISTINCT FROM counted.catalogue_id
ORDER BY counted.family, undocumented_requests DESC, criterion_type, counted.catalogue_id;
COMMENT ON VIEW cure_checklist IS 'What a better report could cure: per family, how often each criterion was decisive and undocumented in upheld requests, its share of them, and one short sentence of a reviewer with its letter.';

CREATE VIEW counter_evidence AS
SELECT letter_id, path, case_number, decision_date, request_index, item, family,
       criterion_id, type AS criterion_type, unmet_basis, decisive,
       evidence[1].text AS finding,
       span.text AS counter_text, span.start AS start_offset, span['end'] AS end_offset, span.page AS page
FROM (SELECT * EXCLUDE (counter_evidence), unnest(counter_evidence) AS span FROM criteria WHERE status = 'unmet')
JOIN requests USING (letter_id, request_index)
JOIN letters USING (letter_id)
ORDER BY letter_id, request_index, criterion_id, start_offset;
COMMENT ON VIEW counter_evidence IS 'Passages of the case summary that speak against a finding that something is undocumented (or, by unmet_basis, flatly denied); candidates to be read by a person.';

CREATE VIEW inherited_denials AS
SELECT request.letter_id, path, case_number, request.request_index, request.item, request.family,
       request.inherits_from, parent.item AS parent_item, parent.family AS parent_family, parent.decision AS parent_decision
FROM requests AS request
JOIN letters USING (letter_id)
LEFT JOIN requests AS parent ON parent.letter_id = request.letter_id AND parent.request_index = request.inherits_from
WHERE request.inherited
ORDER BY request.letter_id, request.request_index;
COMMENT ON VIEW inherited_denials IS 'Requests denied only because they fall with another request of the letter, with that request.';

CREATE VIEW low_confidence AS
SELECT letter_id, path, case_number, request_index, item, family, criterion_id, type AS criterion_type, status, unmet_basis,
       confidence, source, evidence[1].text AS finding
FROM criteria
JOIN requests USING (letter_id, request_index)
JOIN letters USING (letter_id)
WHERE decisive AND confidence < 0.5
ORDER BY confidence, letter_id, request_index, criterion_id;
COMMENT ON VIEW low_confidence IS 'Decisive criteria with a confidence below 0.5, the least certain first: what to check by hand.';

CREATE VIEW warnings_by_code AS
WITH coded AS (SELECT letter_id, unnest(warning_codes) AS code FROM letters)
SELECT code, count(*) AS warnings, count(DISTINCT letter_id) AS letters,
       count(DISTINCT letter_id) / (SELECT count(*) FROM letters) AS share_of_letters
FROM coded
GROUP BY code
ORDER BY letters DESC, code;
COMMENT ON VIEW warnings_by_code IS 'How often each warning stands in the records.';

CREATE VIEW data_quality AS
WITH measured AS (
  SELECT 1 AS place, 'files that failed' AS measure, count(*) FILTER (state = 'failed') AS found, count(*) AS out_of FROM files
  UNION ALL
  SELECT 2, 'files quarantined', count(*) FILTER (state = 'quarantined'), count(*) FROM files
  UNION ALL
  SELECT 3, 'files that are duplicates', count(*) FILTER (state = 'duplicate'), count(*) FROM files
  UNION ALL
  SELECT 4, 'letters that are no determination', count(*) FILTER (NOT is_determination), count(*) FROM letters
  UNION ALL
  SELECT 5, 'letters in an unknown layout', count(*) FILTER (layout = 'unknown'), count(*) FROM letters
  UNION ALL
  SELECT 6, 'letters read by text recognition', count(*) FILTER (ocr), count(*) FROM letters
  UNION ALL
  SELECT 7, 'letters without a case number', count(*) FILTER (case_number IS NULL), count(*) FROM letters
  UNION ALL
  SELECT 8, 'letters without a decision date', count(*) FILTER (decision_date IS NULL), count(*) FROM letters
  UNION ALL
  SELECT 9, 'letters without a request', count(*) FILTER (request_count = 0), count(*) FROM letters
  UNION ALL
  SELECT 10, 'letters with a warning', count(*) FILTER (len(warning_codes) > 0), count(*) FROM letters
  UNION ALL
  SELECT 11, 'letters whose letter_id stood before', count(*) - count(DISTINCT letter_id), count(*) FROM letters
  UNION ALL
  SELECT 12, 'requests of no known family', count(*) FILTER (family = 'other'), count(*) FROM requests
  UNION ALL
  SELECT 13, 'requests without a criterion', count(*) FILTER (criterion_count = 0), count(*) FROM requests
  UNION ALL
  SELECT 14, 'upheld requests without a decisive unmet criterion', count(*) FILTER (
    (letter_id, request_index) NOT IN (
      SELECT (letter_id, request_index) FROM criteria WHERE decisive AND status = 'unmet')
  ), count(*) FROM requests WHERE decision = 'upheld'
  UNION ALL
  SELECT 15, 'decisive criteria without evidence', count(*) FILTER (len(evidence) = 0), count(*) FROM criteria WHERE decisive
  UNION ALL
  SELECT 16, 'decisive criteria with a confidence below 0.5',
    count(*) FILTER (confidence < 0.5), count(*) FROM criteria WHERE decisive
)
SELECT measure, found, out_of, CASE WHEN out_of > 0 THEN found / out_of END AS share FROM measured ORDER BY place;
COMMENT ON VIEW data_quality IS 'How complete the reading is: files without a record, letters and requests with parts missing, criteria to doubt, each as a count and a share.';
