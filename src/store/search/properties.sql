-- $1 words, $2 their prefixes, $3 id, $4 zone, $5 limit, $6 words that may be misspelled
select best.id, best.zone, best.address, best.district, best.customer_id,
    customer.name as customer_name, best.score as "score!"
from (
    select id, zone, address, district, customer_id, (case
        when id = $3 then 1
        when search_words @@ to_tsquery('simple', $2)
            then 0.55 + 0.2 * length($1) / greatest(length(search_text), length($1), 1)
        else 0.45 * word_similarity($6, search_text)
    end)::float4 as score
    from property
    where (search_words @@ to_tsquery('simple', $2)
            or search_text %> $6
            or id = $3)
        and ($4::text is null or zone = $4)
    order by score desc, address, id
    limit $5
) best
join customer on customer.id = best.customer_id
order by best.score desc, best.address, best.id
