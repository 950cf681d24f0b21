-- $1 words, $2 their prefixes, $3 digits, $4 id, $5 zone, $6 limit, $7 words that may be misspelled
select id, name, phone, email, (case
    when id = $4 then 1
    when phone_digits like '%' || $3 then 0.95
    when phone_digits like '%' || $3 || '%' then 0.8
    when search_words @@ to_tsquery('simple', $2)
        then 0.6 + 0.2 * length($1) / greatest(length(search_text), length($1), 1)
    else 0.5 * word_similarity($7, search_text)
end)::float4 as "score!"
from customer
where (search_words @@ to_tsquery('simple', $2)
        or search_text %> $7
        or phone_digits like '%' || $3 || '%'
        or id = $4)
    -- Not "exists", which would be answered out of all properties at once.
    and ($5::text is null or $5 = any (array(
        select property.zone from property where property.customer_id = customer.id)))
order by "score!" desc, name, id
limit $6
