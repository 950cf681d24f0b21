/** What the domain's codes are called. */
import type { Catalog } from '..';

export const jobStatus = {
  unassigned: 'Не назначено',
  assigned: 'Назначено',
  acknowledged: 'Подтверждено',
  en_route: 'В пути',
  arrived: 'На месте',
  in_progress: 'Идёт уборка',
  paused: 'Пауза',
  completed: 'Выполнено',
  verified: 'Проверено',
  cancelled: 'Отменено',
  no_access: 'Нет доступа',
  cleaner_no_show: 'Не явился',
} satisfies Catalog['jobStatus'];

export const bookingStatus = {
  confirmed: 'Забронировано',
  in_service: 'Выполняется',
  completed: 'Выполнено',
  closed: 'Закрыто',
  cancelled: 'Отменено',
  not_served: 'Не состоялось',
} satisfies Catalog['bookingStatus'];

export const duty = { on: 'На смене', off: 'Не на смене', break: 'Перерыв' } satisfies Catalog['duty'];

export const rejection = {
  out_of_area: 'Здесь мы пока не убираем.',
  slot_gone: 'Это время только что заняли.',
  lead_time: 'До этого времени осталось слишком мало.',
  outside_booking_window: 'Так далеко вперёд бронировать нельзя.',
  not_a_slot: 'В это время мы не начинаем.',
  hold_limit: 'Вы держите больше времени, чем можно. Забронируйте или отпустите одно.',
  hold_expired: 'Время было отложено для вас, но срок вышел.',
  already_extended: 'Срок уже продлевали один раз.',
  details_missing: 'Сначала нужны имя, телефон и адрес.',
  policy_window_closed: 'Изменить визит онлайн уже нельзя. Позвоните нам, и мы постараемся помочь.',
  illegal_transition: 'Это уже невозможно: статус изменился.',
  stale_version: 'Пока вы смотрели, кто-то это изменил. Проверьте и попробуйте ещё раз.',
  overlap: 'На это время уже есть другая работа.',
  skill_missing: 'Не хватает нужного навыка.',
  outside_shift: 'Работа выходит за пределы смены.',
  time_off: 'На это время взят отгул.',
  already_taken: 'Коллега успел раньше.',
  too_early: 'Для этого шага ещё рано.',
  another_job_active: 'Другая работа ещё не закончена. Сначала завершите её.',
  active_job: 'Работа ещё идёт.',
  jobs_affected: 'На это время есть работы.',
  already_resolved: 'Это уже решил коллега, или всё решилось само.',
  already_exists: 'Такое уже есть.',
  in_use: 'Это ещё используется.',
  import_faults: 'В файлах есть ошибки. Ничего не загружено.',
  not_tracking: 'Местоположение передаётся только во время работы.',
  not_lead: 'Это может только старший в бригаде.',
} satisfies Catalog['rejection'];

export const refusal = {
  unauthenticated: 'Пожалуйста, войдите снова.',
  forbidden: 'Вам это недоступно.',
  not_found: 'Этого больше нет.',
  invalid_argument: 'В форме что-то не так.',
  rate_limited: 'Слишком много запросов. Попробуйте через минуту.',
  draining: 'Сервер перезапускается. Попробуйте через минуту.',
  unavailable: 'Сервер не отвечает. Ничего не изменилось, попробуйте ещё раз.',
  idempotency_mismatch: 'Отправлено дважды с разным содержанием. Обновите страницу.',
  command_expired: 'Отправка заняла слишком много времени. Попробуйте ещё раз.',
  internal: 'У нас что-то пошло не так.',
} satisfies Catalog['refusal'];
